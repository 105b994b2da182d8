package io.vnvme.nvme;

import java.lang.foreign.MemorySegment;

/** The scratch memory of a command: descriptors at its start, data behind them. */
final class Scratch {
    /** Where data lies when there are descriptors. */
    static final long DATA = 8192;

    private Scratch() {}

    static MemorySegment of(Request request) {
        MemorySegment scratch = request.scratch();
        if (scratch == null) {
            throw new IllegalStateException("command without scratch memory");
        }
        return scratch;
    }
}
