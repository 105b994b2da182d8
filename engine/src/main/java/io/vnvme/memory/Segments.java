package io.vnvme.memory;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A scatter list: the pieces of host memory that the data of one command lies in, in order.
 *
 * <p>Grows to the largest list it ever held and is then reused without allocation. A piece that directly continues
 * the one before it is joined with it.
 */
public final class Segments {
    private static final int INITIAL_PIECES = 8;

    private MemorySegment[] memory = new MemorySegment[INITIAL_PIECES];
    private long[] offsets = new long[INITIAL_PIECES];
    private long[] lengths = new long[INITIAL_PIECES];
    private @Nullable Region[] regions = new Region[INITIAL_PIECES];
    private int count;
    private long totalBytes;
    private boolean remote;

    public int count() {
        return count;
    }

    /** Length of all pieces together, in bytes. */
    public long totalBytes() {
        return totalBytes;
    }

    public MemorySegment memory(int index) {
        return memory[index];
    }

    /** Offset of piece {@code index} in its memory, in bytes. */
    public long offset(int index) {
        return offsets[index];
    }

    /** Length of piece {@code index}, in bytes. */
    public long length(int index) {
        return lengths[index];
    }

    /** The guest's region that piece {@code index} lies in; null for other memory. */
    public @Nullable Region region(int index) {
        return regions[index];
    }

    /** True when a piece lies in guest memory that only messages reach: the list must be staged, not used. */
    public boolean remote() {
        return remote;
    }

    /** True when piece {@code index} is reached by messages only; its offset is then its IOVA. */
    public boolean remote(int index) {
        Region region = regions[index];
        return region != null && region.segment() == null;
    }

    public void clear() {
        count = 0;
        totalBytes = 0;
        remote = false;
    }

    /** Becomes the same list as {@code other}. */
    public void copyOf(Segments other) {
        clear();
        for (int i = 0; i < other.count; i++) {
            append(other.memory[i], other.offsets[i], other.lengths[i], other.regions[i]);
        }
        remote = other.remote;
    }

    /** Appends {@code length} bytes of {@code other}, beginning {@code position} bytes in. */
    public void addSlice(Segments other, long position, long length) {
        int piece = other.pieceAt(position);
        long skip = position - other.startOf(piece);
        for (long done = 0; done < length; piece++, skip = 0) {
            long part = Math.min(other.lengths[piece] - skip, length - done);
            append(other.memory[piece], other.offsets[piece] + skip, part, other.regions[piece]);
            done += part;
        }
    }

    /** Sets {@code length} bytes to 0, beginning {@code position} bytes in. */
    public void zero(long position, long length) {
        int piece = pieceAt(position);
        long skip = position - startOf(piece);
        for (long done = 0; done < length; piece++, skip = 0) {
            long part = Math.min(lengths[piece] - skip, length - done);
            memory[piece].asSlice(offsets[piece] + skip, part).fill((byte) 0);
            done += part;
        }
    }

    /** Appends host memory that belongs to no guest. */
    public void add(MemorySegment segment, long offset, long length) {
        append(segment, offset, length, null);
    }

    /** Appends guest memory: {@code length} bytes at {@code iova}, all inside {@code region}. */
    public void add(Region region, long iova, long length) {
        assert region.contains(iova) && length <= region.bytesFrom(iova);
        MemorySegment segment = region.segment();
        if (segment == null) {
            remote = true;
            append(MemorySegment.NULL, iova, length, region);
        } else {
            append(segment, iova - region.iova(), length, region);
        }
    }

    // Identity is meant: two equal segments may be different mappings, and comparing by value would cost a read.
    @SuppressWarnings("MemorySegmentReferenceEquality")
    private void append(MemorySegment segment, long offset, long length, @Nullable Region region) {
        totalBytes += length;
        int tail = count - 1;
        if (tail >= 0
                && memory[tail] == segment
                && regions[tail] == region
                && offsets[tail] + lengths[tail] == offset) {
            lengths[tail] += length;
            return;
        }
        if (count == memory.length) {
            grow();
        }
        memory[count] = segment;
        offsets[count] = offset;
        lengths[count] = length;
        regions[count] = region;
        count++;
    }

    private void grow() {
        int capacity = count * 2;
        memory = Arrays.copyOf(memory, capacity);
        offsets = Arrays.copyOf(offsets, capacity);
        lengths = Arrays.copyOf(lengths, capacity);
        regions = Arrays.copyOf(regions, capacity);
    }

    /** Keeps the mapped guest memory of all pieces from being given back until {@link #releaseRegions}. */
    public void holdRegions() {
        for (int i = 0; i < count; i++) {
            Region region = regions[i];
            if (region != null && region.segment() != null) {
                region.hold();
            }
        }
    }

    /** The counterpart of {@link #holdRegions}. */
    public void releaseRegions() {
        for (int i = 0; i < count; i++) {
            Region region = regions[i];
            if (region != null && region.segment() != null) {
                region.release();
            }
        }
    }

    /** Copies from the pieces, beginning {@code position} bytes in, to {@code target}; the caller keeps to the size. */
    public void copyTo(long position, MemorySegment target, long targetOffset, long length) {
        int piece = pieceAt(position);
        long skip = position - startOf(piece);
        for (long done = 0; done < length; piece++, skip = 0) {
            long part = Math.min(lengths[piece] - skip, length - done);
            MemorySegment.copy(memory[piece], offsets[piece] + skip, target, targetOffset + done, part);
            done += part;
        }
    }

    /** Copies from {@code source} into the pieces, beginning {@code position} bytes in. */
    public void copyFrom(long position, MemorySegment source, long sourceOffset, long length) {
        int piece = pieceAt(position);
        long skip = position - startOf(piece);
        for (long done = 0; done < length; piece++, skip = 0) {
            long part = Math.min(lengths[piece] - skip, length - done);
            MemorySegment.copy(source, sourceOffset + done, memory[piece], offsets[piece] + skip, part);
            done += part;
        }
    }

    /** True when the pieces, from {@code position} bytes in, hold the same bytes as {@code other}. */
    public boolean matches(long position, MemorySegment other, long otherOffset, long length) {
        int piece = pieceAt(position);
        long skip = position - startOf(piece);
        for (long done = 0; done < length; piece++, skip = 0) {
            long part = Math.min(lengths[piece] - skip, length - done);
            long from = offsets[piece] + skip;
            long against = otherOffset + done;
            if (MemorySegment.mismatch(memory[piece], from, from + part, other, against, against + part) >= 0) {
                return false;
            }
            done += part;
        }
        return true;
    }

    private int pieceAt(long position) {
        int piece = 0;
        long end = lengths[0];
        while (end <= position) {
            end += lengths[++piece];
        }
        return piece;
    }

    private long startOf(int piece) {
        long start = 0;
        for (int i = 0; i < piece; i++) {
            start += lengths[i];
        }
        return start;
    }
}
