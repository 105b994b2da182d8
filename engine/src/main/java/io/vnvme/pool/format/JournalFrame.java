package io.vnvme.pool.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.UUID;

/**
 * A frame of the journal: a header and records, in whole blocks. Numbers are little endian.
 *
 * <pre>
 *  0 u32 magic "vNVj"   4 u32 CRC32C of the frame, with 0 here   8 u32 bytes of records   12 u32 flags: 1 ends a batch
 * 16 u64 epoch         24 u64 sequence                          32 pool UUID              48 16 bytes 0
 * 64 records
 * </pre>
 *
 * A frame counts only with the epoch of the superblock and the sequence that is due: what an earlier load of the pool
 * left in the ring never does.
 */
public final class JournalFrame {
    public static final int HEADER_BYTES = 64;
    /** Longest frame, in bytes. */
    public static final int SIZE_MAX = 256 << 10;

    private static final int MAGIC = 0x6a564e76;
    private static final int ENDS_BATCH = 1;
    private static final int CRC = 4;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private JournalFrame() {}

    /** Longest frame in a journal of this size: there is room for many. */
    public static int sizeMax(long journalBytes) {
        return (int) Math.min(SIZE_MAX, journalBytes / 16);
    }

    /** Bytes on the drive of a frame with this many bytes of records. */
    public static int size(int recordBytes) {
        return (HEADER_BYTES + recordBytes + Geometry.BLOCK_BYTES - 1) & -Geometry.BLOCK_BYTES;
    }

    /** Writes the header around records that are in place, and zeros behind them. */
    public static void seal(
            MemorySegment memory, long at, int recordBytes, boolean endsBatch, long epoch, long sequence, UUID pool) {
        int size = size(recordBytes);
        memory.asSlice(at, HEADER_BYTES).fill((byte) 0);
        long end = at + HEADER_BYTES + recordBytes;
        memory.asSlice(end, at + size - end).fill((byte) 0);
        memory.set(U32, at, MAGIC);
        memory.set(U32, at + 8, recordBytes);
        memory.set(U32, at + 12, endsBatch ? ENDS_BATCH : 0);
        memory.set(U64, at + 16, epoch);
        memory.set(U64, at + 24, sequence);
        memory.set(U64, at + 32, pool.getMostSignificantBits());
        memory.set(U64, at + 40, pool.getLeastSignificantBits());
        memory.set(U32, at + CRC, Checksum.of(memory, at, size));
    }

    /**
     * Bytes of records of the frame that begins at {@code at}, or -1 when the frame that is due is not there whole.
     *
     * @param memory what lies in the journal
     */
    public static int recordBytes(MemorySegment memory, long at, int sizeMax, long epoch, long sequence, UUID pool) {
        if (memory.byteSize() - at < Geometry.BLOCK_BYTES || memory.get(U32, at) != MAGIC) {
            return -1;
        }
        int recordBytes = memory.get(U32, at + 8);
        if (recordBytes < 0
                || recordBytes > sizeMax - HEADER_BYTES
                || size(recordBytes) > memory.byteSize() - at
                || memory.get(U64, at + 16) != epoch
                || memory.get(U64, at + 24) != sequence
                || memory.get(U64, at + 32) != pool.getMostSignificantBits()
                || memory.get(U64, at + 40) != pool.getLeastSignificantBits()) {
            return -1;
        }
        int stored = memory.get(U32, at + CRC);
        return Checksum.around(memory, at, size(recordBytes), CRC) == stored ? recordBytes : -1;
    }

    /** The epoch of what begins like a frame of the pool, whole or not; -1 when nothing does. */
    public static long epoch(MemorySegment memory, long at, UUID pool) {
        boolean frame = memory.get(U32, at) == MAGIC
                && memory.get(U64, at + 32) == pool.getMostSignificantBits()
                && memory.get(U64, at + 40) == pool.getLeastSignificantBits();
        return frame ? memory.get(U64, at + 16) : -1;
    }

    public static boolean endsBatch(MemorySegment memory, long at) {
        return (memory.get(U32, at + 12) & ENDS_BATCH) != 0;
    }
}
