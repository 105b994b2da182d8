package io.vnvme.nvme;

import io.vnvme.drive.Io;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Dataset Management (NVM Command Set 1.0, 3.2.3): deallocates ranges; other attributes are hints, not followed. */
final class DatasetManagement {
    private static final int RANGE_SIZE = 16;
    private static final int ATTRIBUTE_DEALLOCATE = 1 << 2;

    private DatasetManagement() {}

    static int check(Request request, Namespace namespace) {
        request.transfers(ranges(request) * RANGE_SIZE, false);
        boolean deallocates = (request.dword(11) & ATTRIBUTE_DEALLOCATE) != 0;
        return deallocates && namespace.readOnly() ? Status.WRITE_PROTECTED : Status.SUCCESS;
    }

    private static long ranges(Request request) {
        return (request.dword(10) & 0xff) + 1L;
    }

    /** The first step takes and checks all ranges, so that nothing is done when one of them is wrong. */
    static int next(Request request, Controller controller) {
        MemorySegment scratch = Scratch.of(request);
        Namespace namespace = request.namespace();
        if (request.step() == 0) {
            request.data().copyTo(0, scratch, 0, request.dataBytes());
            int status = checkRanges(request, controller, scratch, namespace);
            boolean deallocates = (request.dword(11) & ATTRIBUTE_DEALLOCATE) != 0;
            if (status != Status.SUCCESS || !deallocates) {
                return status;
            }
            request.step(1);
        }
        while (request.cursor() < ranges(request)) {
            long at = request.cursor() * RANGE_SIZE;
            request.cursor(request.cursor() + 1);
            long blocks = blocks(scratch, at);
            if (blocks > 0) {
                int shift = namespace.blockShift();
                request.work().prepare(Io.DEALLOCATE, first(scratch, at) << shift, blocks << shift, false);
                return IoCommands.STEP;
            }
        }
        return Status.SUCCESS;
    }

    private static int checkRanges(Request request, Controller controller, MemorySegment scratch, Namespace namespace) {
        Reservations held = namespace.reservations();
        if (held.held() && held.conflictsWithWrite(controller)) {
            return Status.RESERVATION_CONFLICT;
        }
        long size = namespace.blockCount();
        for (long at = 0; at < request.dataBytes(); at += RANGE_SIZE) {
            long first = first(scratch, at);
            if (Long.compareUnsigned(first, size) > 0 || size - first < blocks(scratch, at)) {
                return Status.LBA_OUT_OF_RANGE;
            }
        }
        return Status.SUCCESS;
    }

    private static long blocks(MemorySegment scratch, long at) {
        return scratch.get(ValueLayout.JAVA_INT, at + 4) & 0xffff_ffffL;
    }

    private static long first(MemorySegment scratch, long at) {
        return scratch.get(ValueLayout.JAVA_LONG, at + 8);
    }
}
