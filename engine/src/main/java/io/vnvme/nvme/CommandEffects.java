package io.vnvme.nvme;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.IoOpcode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The Commands Supported and Effects log page (NVM Express Base 2.0, 5.16.1.6). */
final class CommandEffects {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    private static final int SUPPORTED = 1;
    private static final int CHANGES_CONTENT = 1 << 1;
    private static final int EXCLUSIVE_IN_NAMESPACE = 1 << 16;
    private static final long IO_COMMANDS = 1024;
    private static final long PAGE_BYTES = 4096;

    private static final int[] ADMIN = {
        AdminOpcode.DELETE_SQ,
        AdminOpcode.CREATE_SQ,
        AdminOpcode.GET_LOG_PAGE,
        AdminOpcode.DELETE_CQ,
        AdminOpcode.CREATE_CQ,
        AdminOpcode.IDENTIFY,
        AdminOpcode.ABORT,
        AdminOpcode.SET_FEATURES,
        AdminOpcode.GET_FEATURES,
        AdminOpcode.ASYNC_EVENT_REQUEST,
        AdminOpcode.KEEP_ALIVE,
        AdminOpcode.DOORBELL_BUFFER_CONFIG
    };
    private static final int[] IO = {
        IoOpcode.FLUSH,
        IoOpcode.READ,
        IoOpcode.COMPARE,
        IoOpcode.VERIFY,
        IoOpcode.RESERVATION_REGISTER,
        IoOpcode.RESERVATION_REPORT,
        IoOpcode.RESERVATION_ACQUIRE,
        IoOpcode.RESERVATION_RELEASE
    };
    private static final int[] IO_CHANGING = {
        IoOpcode.WRITE, IoOpcode.WRITE_ZEROES, IoOpcode.DATASET_MANAGEMENT, IoOpcode.COPY
    };

    private CommandEffects() {}

    static long fill(ControllerKind kind, Request request, MemorySegment out) {
        for (int opcode : ADMIN) {
            if (kind.admits(opcode)) {
                out.set(INT, opcode * 4L, SUPPORTED);
            }
        }
        out.set(INT, AdminOpcode.FORMAT_NVM * 4L, SUPPORTED | CHANGES_CONTENT | EXCLUSIVE_IN_NAMESPACE);
        // Hosts ask about sets that are not there: of such a set there are no commands.
        if (commandSet(request) != 0) {
            return PAGE_BYTES;
        }
        for (int opcode : IO) {
            out.set(INT, IO_COMMANDS + opcode * 4L, SUPPORTED);
        }
        for (int opcode : IO_CHANGING) {
            out.set(INT, IO_COMMANDS + opcode * 4L, SUPPORTED | CHANGES_CONTENT);
        }
        return PAGE_BYTES;
    }

    private static int commandSet(Request request) {
        return request.dword(14) >>> 24 & 0xff;
    }
}
