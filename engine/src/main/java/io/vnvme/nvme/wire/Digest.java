package io.vnvme.nvme.wire;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Header and data digests: CRC32C (RFC 3720, appendix B.4) of ranges of one piece of memory. Allocates nothing. */
public final class Digest {
    private final CRC32C crc = new CRC32C();
    private final ByteBuffer view;

    /** @param memory less than 2 GiB */
    public Digest(MemorySegment memory) {
        view = memory.asByteBuffer();
    }

    public int of(long offset, int length) {
        view.limit((int) offset + length).position((int) offset);
        crc.reset();
        crc.update(view);
        return (int) crc.getValue();
    }
}
