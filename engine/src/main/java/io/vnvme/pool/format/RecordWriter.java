package io.vnvme.pool.format;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** Little endian values written one after the other into native memory that grows. Kept and reused. */
public final class RecordWriter {
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private MemorySegment memory;
    private long length;

    /** @param capacityBytes to begin with */
    public RecordWriter(long capacityBytes) {
        memory = allocate(capacityBytes);
    }

    public void clear() {
        length = 0;
    }

    /** Bytes written. */
    public long length() {
        return length;
    }

    /** What was written, in page-aligned memory; valid until the next write. */
    public MemorySegment memory() {
        return memory;
    }

    /** Leaves {@code bytes} bytes of undefined content. */
    public void skip(long bytes) {
        require(bytes);
        length += bytes;
    }

    /** Fills with 0 up to a multiple of {@code multiple}. */
    public void pad(int multiple) {
        long bytes = (multiple - length % multiple) % multiple;
        require(bytes);
        memory.asSlice(length, bytes).fill((byte) 0);
        length += bytes;
    }

    public RecordWriter u8(int value) {
        require(1);
        memory.set(ValueLayout.JAVA_BYTE, length, (byte) value);
        length += 1;
        return this;
    }

    public RecordWriter u16(int value) {
        require(2);
        memory.set(U16, length, (short) value);
        length += 2;
        return this;
    }

    public RecordWriter u32(int value) {
        require(4);
        memory.set(U32, length, value);
        length += 4;
        return this;
    }

    public RecordWriter u64(long value) {
        require(8);
        memory.set(U64, length, value);
        length += 8;
        return this;
    }

    public RecordWriter uuid(UUID value) {
        return u64(value.getMostSignificantBits()).u64(value.getLeastSignificantBits());
    }

    /** A u16 length and that many bytes. */
    public RecordWriter bytes(byte[] value) {
        u16(value.length);
        require(value.length);
        MemorySegment.copy(value, 0, memory, ValueLayout.JAVA_BYTE, length, value.length);
        length += value.length;
        return this;
    }

    public RecordWriter text(String value) {
        return bytes(value.getBytes(StandardCharsets.UTF_8));
    }

    private void require(long bytes) {
        if (length + bytes <= memory.byteSize()) {
            return;
        }
        MemorySegment grown = allocate(Math.max(memory.byteSize() * 2, length + bytes));
        MemorySegment.copy(memory, 0, grown, 0, length);
        memory = grown;
    }

    /** The collector gives it back: nothing but this writer knows it. */
    private static MemorySegment allocate(long bytes) {
        return Arena.ofAuto().allocate(bytes, Geometry.BLOCK_BYTES);
    }
}
