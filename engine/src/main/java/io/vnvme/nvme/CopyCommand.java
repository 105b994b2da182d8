package io.vnvme.nvme;

import io.vnvme.drive.Io;
import io.vnvme.nvme.wire.Status;
import io.vnvme.qos.Share;
import io.vnvme.qos.Ticket;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Copy (NVM Command Set 1.0, 3.2.2), descriptor format 0: source ranges, one after the other, to one destination.
 *
 * <p>Works in pieces through scratch memory. Steps alternate: read a piece, write it.
 */
final class CopyCommand {
    /** Limits told to the host: MSRC + 1, MSSRL and MCL. */
    static final int RANGES_MAX = 128;

    /** In bytes, so that a copy on the reactor's own time stays in the milliseconds. */
    private static final int RANGE_BYTES_MAX = 4 << 20;

    private static final int BYTES_MAX = 16 << 20;

    private static final int DESCRIPTOR_SIZE = 32;
    private static final long PIECE_BYTES = 256 * 1024;

    // Where a copy stands, behind its descriptors in scratch memory.
    private static final long RANGE = DESCRIPTOR_SIZE * (long) RANGES_MAX;
    private static final long DONE_IN_RANGE = RANGE + 8;
    private static final long DESTINATION = RANGE + 16;
    private static final long PIECE = RANGE + 24;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private CopyCommand() {}

    static int rangeBlocksMax(Namespace namespace) {
        return RANGE_BYTES_MAX >>> namespace.blockShift();
    }

    static int blocksMax(Namespace namespace) {
        return BYTES_MAX >>> namespace.blockShift();
    }

    static int check(Request request, Namespace namespace) {
        int ranges = ranges(request);
        int format = request.dword(12) >>> 8 & 0xf;
        if (format != 0) {
            return Status.INVALID_FIELD;
        }
        if (ranges > RANGES_MAX) {
            return Status.COMMAND_SIZE_LIMIT;
        }
        request.transfers(ranges * (long) DESCRIPTOR_SIZE, false);
        return namespace.readOnly() ? Status.WRITE_PROTECTED : Status.SUCCESS;
    }

    private static int ranges(Request request) {
        return (request.dword(12) & 0xff) + 1;
    }

    static int next(Request request, Controller controller) {
        MemorySegment scratch = Scratch.of(request);
        Namespace namespace = request.namespace();
        int shift = namespace.blockShift();
        if (request.step() == 0) {
            request.data().copyTo(0, scratch, 0, request.dataBytes());
            int status = checkRanges(request, controller, scratch);
            if (status != Status.SUCCESS) {
                return status;
            }
            scratch.set(LONG, RANGE, 0);
            scratch.set(LONG, DONE_IN_RANGE, 0);
            scratch.set(LONG, DESTINATION, request.startingLba() << shift);
            request.step(1);
        }
        return request.step() == 1 ? read(request, scratch, shift) : write(request, scratch, controller);
    }

    private static int read(Request request, MemorySegment scratch, int shift) {
        long range = scratch.get(LONG, RANGE);
        if (range == ranges(request)) {
            return Status.SUCCESS;
        }
        long at = range * DESCRIPTOR_SIZE;
        long done = scratch.get(LONG, DONE_IN_RANGE);
        long bytes = blocks(scratch, at) << shift;
        long piece = Slices.piece(request.namespace().volume(), bytes - done, PIECE_BYTES);
        long source = (first(scratch, at) << shift) + done;
        scratch.set(LONG, PIECE, piece);
        if (done + piece == bytes) {
            scratch.set(LONG, RANGE, range + 1);
            scratch.set(LONG, DONE_IN_RANGE, 0);
        } else {
            scratch.set(LONG, DONE_IN_RANGE, done + piece);
        }
        work(request, scratch, piece).prepare(Io.READ, source, piece, false);
        request.step(2);
        return IoCommands.STEP;
    }

    private static int write(Request request, MemorySegment scratch, Controller controller) {
        long piece = scratch.get(LONG, PIECE);
        long destination = scratch.get(LONG, DESTINATION);
        scratch.set(LONG, DESTINATION, destination + piece);
        boolean durable = request.forceUnitAccess() || !controller.features().writeCacheEnabled();
        work(request, scratch, piece).prepare(Io.WRITE, destination, piece, durable);
        request.step(1);
        return IoCommands.STEP;
    }

    private static Io work(Request request, MemorySegment scratch, long bytes) {
        Io work = request.work();
        work.data().clear();
        work.data().add(scratch, Scratch.DATA, bytes);
        return work;
    }

    private static int checkRanges(Request request, Controller controller, MemorySegment scratch) {
        Namespace namespace = request.namespace();
        Reservations held = namespace.reservations();
        if (held.held() && (held.conflictsWithWrite(controller) || held.conflictsWithRead(controller))) {
            return Status.RESERVATION_CONFLICT;
        }
        long size = namespace.blockCount();
        long total = 0;
        for (long at = 0; at < request.dataBytes(); at += DESCRIPTOR_SIZE) {
            long first = first(scratch, at);
            long blocks = blocks(scratch, at);
            if (blocks > rangeBlocksMax(namespace)) {
                return Status.COMMAND_SIZE_LIMIT;
            }
            if (Long.compareUnsigned(first, size) > 0 || size - first < blocks) {
                return Status.LBA_OUT_OF_RANGE;
            }
            total += blocks;
        }
        if (total > blocksMax(namespace)) {
            return Status.COMMAND_SIZE_LIMIT;
        }
        long destination = request.startingLba();
        if (Long.compareUnsigned(destination, size) > 0 || size - destination < total) {
            return Status.LBA_OUT_OF_RANGE;
        }
        Share share = namespace.share();
        if (share != null) {
            share.charge(Ticket.WRITE, 0, total << namespace.blockShift());
        }
        return Status.SUCCESS;
    }

    private static long first(MemorySegment scratch, long at) {
        return scratch.get(LONG, at + 8);
    }

    private static long blocks(MemorySegment scratch, long at) {
        return (scratch.get(ValueLayout.JAVA_SHORT, at + 16) & 0xffffL) + 1;
    }
}
