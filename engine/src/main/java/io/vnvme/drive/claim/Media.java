package io.vnvme.drive.claim;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.IoStatus;
import io.vnvme.os.Fd;
import io.vnvme.os.OpenFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The bytes of a device or file in which signatures are looked for: its first 2 MiB and its last 1 MiB, read once.
 * Whatever lies outside reads zeros.
 */
final class Media {
    private static final long HEAD_BYTES = 2 << 20;
    private static final long TAIL_BYTES = 1 << 20;
    private static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LE32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment head;
    private final MemorySegment tail;
    private final long sizeBytes;

    private Media(MemorySegment head, MemorySegment tail, long sizeBytes) {
        this.head = head;
        this.tail = tail;
        this.sizeBytes = sizeBytes;
    }

    /** @throws io.vnvme.os.NativeException when it cannot be read */
    static Media read(Fd fd, long sizeBytes, Arena arena) {
        MemorySegment head = arena.allocate(Math.min(HEAD_BYTES, sizeBytes), 4096);
        MemorySegment tail = arena.allocate(Math.min(TAIL_BYTES, sizeBytes), 4096);
        var _ = OpenFile.read(fd, 0, head);
        var _ = OpenFile.read(fd, sizeBytes - tail.byteSize(), tail);
        return new Media(head, tail, sizeBytes);
    }

    /** @throws IllegalStateException when it cannot be read */
    static Media read(BlockingDrive drive, Arena arena) {
        long sizeBytes = drive.sizeBytes();
        MemorySegment head = arena.allocate(Math.min(HEAD_BYTES, sizeBytes), 4096);
        MemorySegment tail = arena.allocate(Math.min(TAIL_BYTES, sizeBytes), 4096);
        int status = drive.read(0, head);
        status = status == IoStatus.OK ? drive.read(sizeBytes - tail.byteSize(), tail) : status;
        if (status != IoStatus.OK) {
            throw new IllegalStateException("%s cannot be read: status %d".formatted(drive.name(), status));
        }
        return new Media(head, tail, sizeBytes);
    }

    long sizeBytes() {
        return sizeBytes;
    }

    /** A copy of a range, zeros where it was not read. */
    MemorySegment block(long offset, int length, Arena arena) {
        MemorySegment copy = arena.allocate(length, 4096);
        return copy.copyFrom(range(offset, length));
    }

    boolean has(long offset, String ascii) {
        return has(offset, ascii.getBytes(StandardCharsets.ISO_8859_1));
    }

    boolean has(long offset, byte[] bytes) {
        return range(offset, bytes.length).mismatch(MemorySegment.ofArray(bytes)) < 0;
    }

    int u8(long offset) {
        return range(offset, 1).get(ValueLayout.JAVA_BYTE, 0) & 0xff;
    }

    int u16(long offset) {
        return range(offset, 2).get(LE16, 0) & 0xffff;
    }

    int u32(long offset) {
        return range(offset, 4).get(LE32, 0);
    }

    long u64(long offset) {
        return range(offset, 8).get(LE64, 0);
    }

    /** Text up to a zero or to {@code length}, without what cannot be printed: it is not to be trusted. */
    String text(long offset, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            int character = u8(offset + i);
            if (character == 0) {
                break;
            }
            text.append(character >= ' ' && character < 0x7f ? (char) character : '?');
        }
        return text.toString().strip();
    }

    /** True when all that was read is zeros. */
    boolean blank() {
        return zeros(head) && zeros(tail);
    }

    private static boolean zeros(MemorySegment memory) {
        for (long at = 0; at < memory.byteSize(); at++) {
            if (memory.get(ValueLayout.JAVA_BYTE, at) != 0) {
                return false;
            }
        }
        return true;
    }

    private MemorySegment range(long offset, int length) {
        if (offset >= 0 && offset + length <= head.byteSize()) {
            return head.asSlice(offset, length);
        }
        long tailStart = sizeBytes - tail.byteSize();
        return offset >= tailStart && offset + length <= sizeBytes
                ? tail.asSlice(offset - tailStart, length)
                : MemorySegment.ofArray(new byte[length]);
    }
}
