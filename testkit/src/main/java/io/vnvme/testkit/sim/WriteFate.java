package io.vnvme.testkit.sim;

import java.lang.foreign.MemorySegment;

/** Decides where a write of data ends up that the drive says to have done. */
@FunctionalInterface
public interface WriteFate {
    /** At its place. */
    long DONE = -1;
    /** Nowhere. */
    long LOST = -2;

    WriteFate HONEST = (drive, offsetBytes, lengthBytes, memory, at) -> DONE;

    /**
     * @param memory holds what is written, from {@code at} on
     * @return {@link #DONE}, {@link #LOST}, or the offset in bytes where the data is written instead
     */
    long of(PowerCutDrive drive, long offsetBytes, long lengthBytes, MemorySegment memory, long at);
}
