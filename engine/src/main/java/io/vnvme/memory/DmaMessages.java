package io.vnvme.memory;

import java.lang.foreign.MemorySegment;

/**
 * Guest memory that cannot be mapped, reached by messages to the process that owns it (vfio-user DMA_READ and
 * DMA_WRITE). Asynchronous: the completion runs on the same reactor, never inside the call.
 */
public interface DmaMessages {
    /** What happens when a transfer ended. Called exactly once, also when the connection ends. */
    @FunctionalInterface
    interface Completion {
        /** @param ok false when the owner refused, answered short, or went away */
        void transferred(boolean ok);
    }

    /** Fills {@code target} from guest address {@code iova} on; any length, split as the protocol demands. */
    void read(long iova, MemorySegment target, Completion completion);

    /** Writes {@code source} to guest address {@code iova} on. The source stays unchanged until completion. */
    void write(long iova, MemorySegment source, Completion completion);
}
