package io.vnvme.nvme;

import io.vnvme.drive.Io;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.MemorySegment;

/**
 * Compare (NVM Command Set 1.0, 3.2.1): reads into scratch memory and compares with the host's data, piece by piece.
 */
final class CompareCommand {
    private CompareCommand() {}

    static int next(Request request) {
        MemorySegment scratch = Scratch.of(request);
        long compared = request.cursor() - request.step();
        if (request.step() > 0 && !request.data().matches(compared, scratch, 0, request.step())) {
            return end(request, Status.COMPARE_FAILURE);
        }
        long left = request.dataBytes() - request.cursor();
        if (left == 0) {
            return end(request, Status.SUCCESS);
        }
        Namespace namespace = request.namespace();
        long piece = Slices.piece(namespace.volume(), left, left);
        Io work = request.work();
        work.data().clear();
        work.data().add(scratch, 0, piece);
        work.prepare(Io.READ, (request.startingLba() << namespace.blockShift()) + request.cursor(), piece, false);
        // What the step reads, for the next one to compare.
        request.step((int) piece);
        request.cursor(request.cursor() + piece);
        return IoCommands.STEP;
    }

    private static int end(Request request, int status) {
        request.namespace().counters().read(request.dataBytes());
        return status;
    }
}
