package io.vnvme.drive;

import io.vnvme.memory.Segments;

/**
 * One unit of work for a volume or a drive: what to do, where, and the memory its data lies in.
 *
 * <p>Reused: who owns it fills it in, submits it, and touches it again only when it is complete. Offsets and lengths
 * are bytes, multiples of the block size of what it is submitted to, and lie within it: the layer above has checked.
 */
public final class Io {
    public static final int READ = 1;
    public static final int WRITE = 2;
    /** Makes everything completed before durable; offset, length and data mean nothing. */
    public static final int FLUSH = 3;

    public static final int WRITE_ZEROES = 4;
    /** The range reads zeros from now on and need not take up space. */
    public static final int DEALLOCATE = 5;

    /** What happens when asynchronous work ended. */
    public interface Completion {
        /** @param status an {@link IoStatus} other than {@link IoStatus#PENDING} */
        void completed(Io io, int status);
    }

    private Completion completion;
    private final Segments data = new Segments();
    private int operation;
    private long offsetBytes;
    private long lengthBytes;
    private boolean forceUnitAccess;

    public Io(Completion completion) {
        this.completion = completion;
    }

    /** Fills in everything but the data. */
    public void prepare(int operation, long offsetBytes, long lengthBytes, boolean forceUnitAccess) {
        this.operation = operation;
        this.offsetBytes = offsetBytes;
        this.lengthBytes = lengthBytes;
        this.forceUnitAccess = forceUnitAccess;
    }

    /** Moves the work by {@code deltaBytes}: a layer's own offset on its way down. */
    public void shift(long deltaBytes) {
        offsetBytes += deltaBytes;
    }

    /** Moves the work to where a layer below has its bytes. */
    public void moveTo(long newOffsetBytes) {
        offsetBytes = newOffsetBytes;
    }

    /**
     * Puts a layer below between the work and whoever waits for it: it is told first, and passes the news on by putting
     * the former back and calling {@link #complete}.
     *
     * @return who was told until now
     */
    public Completion redirect(Completion next) {
        Completion former = completion;
        completion = next;
        return former;
    }

    public int operation() {
        return operation;
    }

    public long offsetBytes() {
        return offsetBytes;
    }

    public long lengthBytes() {
        return lengthBytes;
    }

    /** True when a write may complete only once it is on the media. */
    public boolean forceUnitAccess() {
        return forceUnitAccess;
    }

    /** Where the bytes come from or go to: for READ and WRITE, {@code lengthBytes} in all. */
    public Segments data() {
        return data;
    }

    /** Ends work that {@code submit} answered with {@link IoStatus#PENDING}. */
    public void complete(int status) {
        completion.completed(this, status);
    }
}
