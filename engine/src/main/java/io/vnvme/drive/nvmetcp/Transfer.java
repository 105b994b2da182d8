package io.vnvme.drive.nvmetcp;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import org.jspecify.annotations.Nullable;

/** A unit of work on its way: it ends when all its commands have, with the first error that one had. */
final class Transfer {
    private @Nullable Io io;
    private int commands;
    private int status;

    void begin(Io work) {
        io = work;
        commands = 0;
        status = IoStatus.OK;
    }

    Io io() {
        Io work = io;
        if (work == null) {
            throw new IllegalStateException("transfer without work");
        }
        return work;
    }

    void commandBegun() {
        commands++;
    }

    /** It cannot end well any more. */
    void failed(int with) {
        if (status == IoStatus.OK) {
            status = with;
        }
    }

    /** @return whether it was the last */
    boolean commandEnded() {
        return --commands == 0;
    }

    int status() {
        return status;
    }

    void end() {
        io = null;
    }
}
