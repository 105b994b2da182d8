package io.vnvme.pool.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** The counterpart of {@link RecordWriter}: every read is checked against the end. */
public final class RecordReader {
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment memory;
    private final long end;
    private long at;

    public RecordReader(MemorySegment memory, long at, long length) {
        this.memory = memory;
        this.at = at;
        this.end = at + length;
    }

    public long remaining() {
        return end - at;
    }

    private long take(long bytes) {
        if (bytes > end - at) {
            throw new FormatException("a record ends in the middle");
        }
        long from = at;
        at += bytes;
        return from;
    }

    /** Goes on at a multiple of {@code multiple} bytes from {@code origin}. */
    public void align(int multiple, long origin) {
        take((multiple - (at - origin) % multiple) % multiple);
    }

    public int u8() {
        return Byte.toUnsignedInt(memory.get(ValueLayout.JAVA_BYTE, take(1)));
    }

    public int u16() {
        return Short.toUnsignedInt(memory.get(U16, take(2)));
    }

    public int u32() {
        return memory.get(U32, take(4));
    }

    public long u64() {
        return memory.get(U64, take(8));
    }

    public UUID uuid() {
        long high = u64();
        return new UUID(high, u64());
    }

    public byte[] bytes(int lengthMax) {
        int length = u16();
        if (length > lengthMax) {
            throw new FormatException("%d bytes where at most %d belong".formatted(length, lengthMax));
        }
        return memory.asSlice(take(length), length).toArray(ValueLayout.JAVA_BYTE);
    }

    public String text(int lengthMax) {
        return new String(bytes(lengthMax), StandardCharsets.UTF_8);
    }
}
