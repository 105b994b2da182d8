package io.vnvme.nvme;

import io.vnvme.drive.Io;
import io.vnvme.nvme.wire.Status;

/** Verify (NVM Command Set 1.0, 3.2.6): reads, so that an error shows, and keeps nothing. */
final class VerifyCommand {
    private VerifyCommand() {}

    static int next(Request request) {
        Namespace namespace = request.namespace();
        long left = ((long) request.blockCount() << namespace.blockShift()) - request.cursor();
        if (left == 0) {
            return Status.SUCCESS;
        }
        long piece = Slices.piece(namespace.volume(), left, left);
        Io work = request.work();
        work.data().clear();
        work.data().add(Scratch.of(request), 0, piece);
        work.prepare(Io.READ, (request.startingLba() << namespace.blockShift()) + request.cursor(), piece, false);
        request.cursor(request.cursor() + piece);
        return IoCommands.STEP;
    }
}
