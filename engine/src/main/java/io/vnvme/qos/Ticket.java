package io.vnvme.qos;

import org.jspecify.annotations.Nullable;

/** A command that asks to be let through. It stands in at most one line at a time, by a link of its own. */
public abstract class Ticket {
    public static final int READ = 0;
    public static final int WRITE = 1;

    static final int KINDS = 2;

    @Nullable
    Ticket next;

    private int kind;
    private long bytes;
    private long pairedBytes;

    /**
     * Says what it is about to do.
     *
     * @param kind {@link #READ} or {@link #WRITE}
     */
    protected final void asks(int kind, long bytes) {
        this.kind = kind;
        this.bytes = bytes;
        this.pairedBytes = 0;
    }

    /** With a read goes a write of as many bytes, which is let through with it. */
    protected final void asksForPair() {
        pairedBytes = bytes;
    }

    protected final int kind() {
        return kind;
    }

    protected final long bytes() {
        return bytes;
    }

    final long pairedBytes() {
        return pairedBytes;
    }

    /** It stood in line and may go now. Called on the reactor, and must not do the work there and then. */
    protected abstract void admitted();
}
