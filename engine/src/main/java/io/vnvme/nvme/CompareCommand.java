package io.vnvme.nvme;

import io.vnvme.drive.Io;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.MemorySegment;

/** Compare (NVM Command Set 1.0, 3.2.1): reads into scratch memory, then compares with the host's data. */
final class CompareCommand {
    private CompareCommand() {}

    static int next(Request request) {
        MemorySegment scratch = Scratch.of(request);
        if (request.step() == 0) {
            request.step(1);
            int shift = request.namespace().blockShift();
            Io work = request.work();
            work.data().clear();
            work.data().add(scratch, 0, request.dataBytes());
            work.prepare(Io.READ, request.startingLba() << shift, request.dataBytes(), false);
            return IoCommands.STEP;
        }
        request.namespace().counters().read(request.dataBytes());
        return request.data().matches(0, scratch, 0, request.dataBytes()) ? Status.SUCCESS : Status.COMPARE_FAILURE;
    }
}
