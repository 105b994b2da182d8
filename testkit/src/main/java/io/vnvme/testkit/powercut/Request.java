package io.vnvme.testkit.powercut;

import io.vnvme.drive.Io;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** One read, write or flush of a volume. Reused; its memory is its own. */
final class Request {
    /** Longest transfer, in sectors: 256 KiB. */
    static final int SECTORS_MAX = 512;

    private static final int SECTOR = 512;

    final Io io;
    final MemorySegment memory;
    /** Of a read: what was to be seen when it began. */
    final int[] seen = new int[SECTORS_MAX];

    String name = "";
    Content content = new Content(0);
    int first;
    int count;
    /** What {@link Operations} calls it; 0 for a read or a flush. */
    int operation;
    /** When it began. */
    long moment;

    boolean underWay;
    /** Its volume has checksums. */
    boolean guarded;

    /** Of a read: operations on some of its sectors that were under way at some time during it, and their ranges. */
    private final List<int[]> beside = new ArrayList<>();

    Request(Arena arena, Io.Completion completion) {
        io = new Io(completion);
        memory = arena.allocate((long) SECTORS_MAX * SECTOR, 4096);
    }

    /** Sectors that an operation covers. */
    record Range(Content content, int operation, int first, int count) {}

    /** Whether some sectors are the same. */
    boolean touches(Range range) {
        return content == range.content() && first < range.first() + range.count() && range.first() < first + count;
    }

    /** Whether this is a read. */
    boolean reads() {
        return operation == 0 && count > 0;
    }

    /** Whether some sectors are the same. */
    boolean touches(Content other, int otherFirst, int otherCount) {
        return underWay && content == other && first < otherFirst + otherCount && otherFirst < first + count;
    }

    /** A read begins. */
    void clearBeside() {
        beside.clear();
    }

    /** An operation that a read may see or not see. */
    void addBeside(int other, int otherFirst, int otherCount) {
        beside.add(new int[] {other, otherFirst, otherFirst + otherCount});
    }

    /** Whether a read may give that stamp for its i-th sector. */
    boolean readable(int index, long stamp) {
        int sector = first + index;
        if (stamp == Operations.stamp(seen[index], sector)) {
            return true;
        }
        for (int i = 0; i < beside.size(); i++) {
            int[] other = beside.get(i);
            if (sector >= other[1] && sector < other[2] && stamp == Operations.stamp(other[0], sector)) {
                return true;
            }
        }
        return false;
    }

    void fillStamps() {
        for (int i = 0; i < count; i++) {
            long stamp = Operations.stamp(operation, first + i);
            long at = (long) i * SECTOR;
            for (int k = 0; k < SECTOR; k += Long.BYTES) {
                memory.set(ValueLayout.JAVA_LONG, at + k, stamp);
            }
        }
    }

    /** The stamp of the i-th sector that was read, or -1 when its bytes are not all of one stamp. */
    long stampRead(int index) {
        long at = (long) index * SECTOR;
        long stamp = memory.get(ValueLayout.JAVA_LONG, at);
        for (int k = Long.BYTES; k < SECTOR; k += Long.BYTES) {
            if (memory.get(ValueLayout.JAVA_LONG, at + k) != stamp) {
                return -1;
            }
        }
        return stamp;
    }

    /** Hands the memory to the transfer, in one piece or in several. */
    void addMemory(boolean inPieces) {
        io.data().clear();
        long length = (long) count * SECTOR;
        if (!inPieces || count < 2) {
            io.data().add(memory, 0, length);
            return;
        }
        // A view of its own for each piece, or they would be joined.
        for (long at = 0; at < length; ) {
            long part = Math.min(length - at, at == 0 ? SECTOR : 4096 + SECTOR);
            io.data().add(memory.asSlice(at, part), 0, part);
            at += part;
        }
    }
}
