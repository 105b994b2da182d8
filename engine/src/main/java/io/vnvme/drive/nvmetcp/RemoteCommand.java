package io.vnvme.drive.nvmetcp;

import io.vnvme.drive.Io;
import org.jspecify.annotations.Nullable;

/** A part of a unit of work that becomes one command: from {@code position} on, {@code length} bytes. */
final class RemoteCommand {
    private @Nullable Transfer transfer;
    long position;
    long length;
    /** How often a controller has answered that it did not carry it out. */
    int retries;
    /** How often its path was given up, and it may have been the reason. */
    int strikes;
    /** When it was sent last, by the pass's clock. */
    long sentNs;
    /** Not to be sent before. */
    long waitUntilNs;

    void begin(Transfer of, long from, long bytes) {
        transfer = of;
        position = from;
        length = bytes;
        retries = 0;
        strikes = 0;
    }

    void end() {
        transfer = null;
    }

    Transfer transfer() {
        Transfer of = transfer;
        if (of == null) {
            throw new IllegalStateException("a command of nothing");
        }
        return of;
    }

    Io io() {
        return transfer().io();
    }

    /** Whether a second execution could undo what was written since the first one: reads and flushes change nothing. */
    boolean changes() {
        return io().operation() != Io.READ && io().operation() != Io.FLUSH;
    }
}
