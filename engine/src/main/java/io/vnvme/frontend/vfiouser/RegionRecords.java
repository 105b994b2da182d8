package io.vnvme.frontend.vfiouser;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.BitSet;
import java.util.function.Consumer;

/**
 * DMA regions as the connection's state tells of them, 32 bytes each: address, size, offset in the file (8 each), number of
 * the file or -1 (4), {@link #USED} and what the client permits (4).
 */
final class RegionRecords {
    private static final int SIZE = 32;
    private static final int USED = 1;
    private static final int READABLE = 2;
    private static final int WRITABLE = 4;
    private static final long FLAGS = 28;
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final MemorySegment records;
    private final BitSet used = new BitSet();

    /** One of them. */
    record Found(int index, long address, long sizeBytes, long offset, int file, boolean readable, boolean writable) {}

    RegionRecords(ConnectionState state) {
        records = state.regions();
    }

    /** @return where it is recorded, for {@link #remove} */
    int add(Request.DmaMap request, int file) {
        int index = used.nextClearBit(0);
        long at = (long) index * SIZE;
        records.set(ValueLayout.JAVA_LONG, at, request.address());
        records.set(ValueLayout.JAVA_LONG, at + 8, request.sizeBytes());
        records.set(ValueLayout.JAVA_LONG, at + 16, request.fileOffset());
        records.set(ValueLayout.JAVA_INT, at + 24, file);
        int permits = (request.readable() ? READABLE : 0) | (request.writable() ? WRITABLE : 0);
        INT.setRelease(records, at + FLAGS, USED | permits);
        used.set(index);
        return index;
    }

    void remove(int index) {
        INT.setRelease(records, (long) index * SIZE + FLAGS, 0);
        used.clear(index);
    }

    /** All that another process had. */
    void adopt(Consumer<Found> each) {
        for (int index = 0; index < Wire.DMA_MAPS_MAX; index++) {
            long at = (long) index * SIZE;
            int flags = records.get(ValueLayout.JAVA_INT, at + FLAGS);
            if ((flags & USED) != 0) {
                used.set(index);
                each.accept(new Found(
                        index,
                        records.get(ValueLayout.JAVA_LONG, at),
                        records.get(ValueLayout.JAVA_LONG, at + 8),
                        records.get(ValueLayout.JAVA_LONG, at + 16),
                        records.get(ValueLayout.JAVA_INT, at + 24),
                        (flags & READABLE) != 0,
                        (flags & WRITABLE) != 0));
            }
        }
    }
}
