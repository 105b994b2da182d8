package io.vnvme.pool.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.zip.CRC32C;

/** CRC32C (RFC 3720, appendix B.4) over native memory. */
public final class Checksum {
    /** Most that goes into the CRC at once, in bytes: what keeps the time to a safepoint short. */
    private static final int SLICE_BYTES = 1 << 20;

    private Checksum() {}

    public static int of(MemorySegment memory, long offset, long length) {
        CRC32C crc = new CRC32C();
        add(crc, memory, offset, length);
        return (int) crc.getValue();
    }

    /** The CRC of a structure that carries it itself: computed with 0 in its place. */
    public static int around(MemorySegment memory, long offset, long length, long crcOffset) {
        int stored = memory.get(ValueLayout.JAVA_INT_UNALIGNED, offset + crcOffset);
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, offset + crcOffset, 0);
        int computed = of(memory, offset, length);
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, offset + crcOffset, stored);
        return computed;
    }

    private static void add(CRC32C crc, MemorySegment memory, long offset, long length) {
        for (long done = 0; done < length; done += SLICE_BYTES) {
            crc.update(memory.asSlice(offset + done, Math.min(SLICE_BYTES, length - done))
                    .asByteBuffer());
        }
    }
}
