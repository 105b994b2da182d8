package io.vnvme.nvme;

import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** Reservation Register, Acquire, Release and Report (NVM Express Base 2.0, 7.2 to 7.5). */
final class ReservationCommands {
    private static final int IGNORE_KEY = 1 << 3;
    private static final int REPORT_HEADER = 24;
    private static final int REPORT_HEADER_EXTENDED = 64;
    private static final int REPORT_SIZE_MAX =
            REPORT_HEADER_EXTENDED + Reservations.REGISTRANTS_MAX * REPORT_HEADER_EXTENDED;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private static final MemorySegment ZEROS = Arena.ofAuto().allocate(4096);

    private final Controller controller;
    private final MemorySegment buffer = Arena.ofAuto().allocate(REPORT_SIZE_MAX, 8);

    ReservationCommands(Controller controller) {
        this.controller = controller;
    }

    int check(Request request) {
        switch (request.opcode()) {
            case IoOpcode.RESERVATION_RELEASE -> request.transfers(8, false);
            case IoOpcode.RESERVATION_REPORT -> {
                long bytes = ((request.dword(10) & 0xffff_ffffL) + 1) * 4;
                if (bytes > Controller.TRANSFER_MAX) {
                    return Status.INVALID_FIELD;
                }
                request.transfers(bytes, true);
            }
            default -> request.transfers(16, false);
        }
        return Status.SUCCESS;
    }

    int run(Request request) {
        if (request.opcode() == IoOpcode.RESERVATION_REPORT) {
            return report(request);
        }
        request.data().copyTo(0, buffer, 0, request.dataBytes());
        Reservations reservations = request.namespace().reservations();
        long key = buffer.get(LONG, 0);
        int action = request.dword(10) & 7;
        boolean ignoreKey = (request.dword(10) & IGNORE_KEY) != 0;
        int type = request.dword(10) >>> 8 & 0xff;
        return switch (request.opcode()) {
            case IoOpcode.RESERVATION_REGISTER ->
                register(request, reservations, action, key, buffer.get(LONG, 8), ignoreKey);
            case IoOpcode.RESERVATION_ACQUIRE ->
                acquire(reservations, action, key, buffer.get(LONG, 8), type, ignoreKey);
            default -> release(reservations, action, key, type, ignoreKey);
        };
    }

    private int register(
            Request request, Reservations reservations, int action, long key, long newKey, boolean ignoreKey) {
        int persist = request.dword(10) >>> 30;
        if (persist == 1 || persist == 3) {
            // Persistence through power loss is not offered.
            return Status.INVALID_FIELD;
        }
        return switch (action) {
            case 0 -> reservations.register(controller, newKey);
            case 1 -> reservations.unregister(controller, key, ignoreKey);
            case 2 -> reservations.replace(controller, key, newKey, ignoreKey);
            default -> Status.INVALID_FIELD;
        };
    }

    private int acquire(Reservations reservations, int action, long key, long preempted, int type, boolean ignoreKey) {
        boolean known = type >= Reservations.WRITE_EXCLUSIVE && type <= Reservations.EXCLUSIVE_ACCESS_ALL;
        if (!known || ignoreKey) {
            return Status.INVALID_FIELD;
        }
        return switch (action) {
            case 0 -> reservations.acquire(controller, key, type);
            // Preempt and Abort: commands are not taken back, so both are one.
            case 1, 2 -> reservations.preempt(controller, key, preempted, type);
            default -> Status.INVALID_FIELD;
        };
    }

    private int release(Reservations reservations, int action, long key, int type, boolean ignoreKey) {
        return switch (action) {
            case 0 -> reservations.release(controller, key, type, ignoreKey);
            case 1 -> reservations.clear(controller, key, ignoreKey);
            default -> Status.INVALID_FIELD;
        };
    }

    private int report(Request request) {
        boolean extended = (request.dword(11) & 1) != 0;
        Reservations reservations = request.namespace().reservations();
        List<Reservations.Registrant> registrants = reservations.registrants();
        boolean wide = registrants.stream()
                .anyMatch(r -> r.host().high() != 0 && r.host().high() != -1);
        if (wide && !extended) {
            return Status.HOST_ID_INCONSISTENT;
        }
        buffer.fill((byte) 0);
        buffer.set(INT, 0, reservations.generation());
        buffer.set(BYTE, 4, (byte) reservations.type());
        buffer.set(SHORT, 5, (short) registrants.size());
        long at = extended ? REPORT_HEADER_EXTENDED : REPORT_HEADER;
        for (Reservations.Registrant registrant : registrants) {
            buffer.set(SHORT, at, (short) registrant.controllerId());
            buffer.set(BYTE, at + 2, (byte) (reservations.holds(registrant.host()) ? 1 : 0));
            if (extended) {
                buffer.set(LONG, at + 8, registrant.key());
                buffer.set(LONG, at + 16, registrant.host().low());
                buffer.set(LONG, at + 24, registrant.host().high());
            } else {
                buffer.set(LONG, at + 8, registrant.host().low());
                buffer.set(LONG, at + 16, registrant.key());
            }
            at += extended ? REPORT_HEADER_EXTENDED : REPORT_HEADER;
        }
        long bytes = request.dataBytes();
        long filled = Math.min(bytes, REPORT_SIZE_MAX);
        request.data().copyFrom(0, buffer, 0, filled);
        for (long done = filled; done < bytes; ) {
            long part = Math.min(bytes - done, ZEROS.byteSize());
            request.data().copyFrom(done, ZEROS, 0, part);
            done += part;
        }
        return Status.SUCCESS;
    }
}
