package io.vnvme.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.function.LongSupplier;

/**
 * Knows what was written last to each block, and whether a read found that. What was not written in this run is not judged.
 *
 * <p>A block is in one transfer at a time: NVMe says nothing about the order of those in flight.
 */
final class Verifier {
    /** Blocks that are remembered, the first of the drive: 4 bytes each. */
    static final int BLOCKS_MAX = 16 << 20;

    private static final long BLOCK_FACTOR = 0x9E37_79B9_7F4A_7C15L;
    private static final long TIMES_FACTOR = 0xBF58_476D_1CE4_E5B9L;

    private final int[] times;
    private final BitSet busy;
    private long checked;
    private long wrong;

    Verifier(int blockCount) {
        times = new int[blockCount];
        busy = new BitSet(blockCount);
    }

    /** A block that is in no transfer, of those that {@code draw} gives; it is in one from now on. */
    int take(LongSupplier draw) {
        int block = (int) draw.getAsLong();
        while (busy.get(block)) {
            block = (int) draw.getAsLong();
        }
        busy.set(block);
        return block;
    }

    /** Fills a buffer with what is about to be written to a block. */
    void fill(MemorySegment data, int block) {
        long word = word(block, ++times[block]);
        for (long i = 0; i < data.byteSize() / Long.BYTES; i++) {
            data.setAtIndex(ValueLayout.JAVA_LONG, i, word + i);
        }
    }

    /** A transfer has ended: looks at what it read, and lets others have the block. */
    void ended(MemorySegment data, int block, boolean read) {
        busy.clear(block);
        if (!read || times[block] == 0) {
            return;
        }
        checked++;
        long word = word(block, times[block]);
        for (long i = 0; i < data.byteSize() / Long.BYTES; i++) {
            if (data.getAtIndex(ValueLayout.JAVA_LONG, i) != word + i) {
                wrong++;
                return;
            }
        }
    }

    private static long word(int block, int time) {
        return block * BLOCK_FACTOR ^ time * TIMES_FACTOR;
    }

    /** Reads of what this run had written. */
    long checked() {
        return checked;
    }

    /** Of those, reads that found something else. */
    long wrong() {
        return wrong;
    }
}
