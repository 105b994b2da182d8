package io.vnvme.nvme;

import io.vnvme.drive.Io;
import io.vnvme.nvme.wire.Status;

/** Verify (NVM Command Set 1.0, 3.2.6): reads, so that an error shows, and keeps nothing. */
final class VerifyCommand {
    private VerifyCommand() {}

    static int next(Request request) {
        if (request.step() > 0) {
            return Status.SUCCESS;
        }
        request.step(1);
        int shift = request.namespace().blockShift();
        long bytes = (long) request.blockCount() << shift;
        Io work = request.work();
        work.data().clear();
        work.data().add(Scratch.of(request), 0, bytes);
        work.prepare(Io.READ, request.startingLba() << shift, bytes, false);
        return IoCommands.STEP;
    }
}
