package io.vnvme.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Scatter Gather List descriptors to a scatter list (NVM Express Base 2.0, 4.1.2).
 *
 * <p>Data Block, Bit Bucket, Segment and Last Segment descriptors with absolute addresses; each is read once. The
 * whole list has at most {@link #DESCRIPTORS_MAX} descriptors in at most {@link #SEGMENTS_MAX} segments, so a list in
 * a loop ends. Segments begin on a multiple of 8.
 *
 * <p>Not thread-safe: one instance for each controller, reused for each command.
 */
public final class SglWalk {
    public static final int DESCRIPTORS_MAX = 4096;
    public static final int SEGMENTS_MAX = 256;

    private static final int DESCRIPTOR_SIZE = 16;
    private static final int TYPE_DATA_BLOCK = 0;
    private static final int TYPE_BIT_BUCKET = 1;
    private static final int TYPE_SEGMENT = 2;
    private static final int TYPE_LAST_SEGMENT = 3;
    /** Where the bytes of bit buckets go; nobody reads it. */
    private static final MemorySegment BUCKET = Arena.global().allocate(64 * 1024, 4096);

    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;

    private long wordLow;
    private long wordHigh;
    private long left;

    /**
     * Appends the pieces of a transfer to {@code out}.
     *
     * @param address the command's SGL1 descriptor, bytes 0 to 7
     * @param control the command's SGL1 descriptor, bytes 8 to 15: length in the low half, type in the top byte
     * @param lengthBytes bytes to transfer, more than 0; a list may describe more
     * @param toGuest true when the controller writes the data
     * @param fetched segments in memory without a mapping; null when there is none such
     * @return a {@link DataWalk} code
     */
    public int walk(
            GuestMemory memory,
            long address,
            long control,
            long lengthBytes,
            boolean toGuest,
            Segments out,
            @Nullable FetchedLists fetched) {
        left = lengthBytes;
        int type = type(control);
        if (type != TYPE_SEGMENT && type != TYPE_LAST_SEGMENT) {
            int status = data(memory, address, control, toGuest, out);
            return status != DataWalk.OK || left == 0 ? status : DataWalk.SGL_LENGTH;
        }
        return walkSegments(memory, address, control, toGuest, out, fetched);
    }

    private int walkSegments(
            GuestMemory memory,
            long firstAddress,
            long firstControl,
            boolean toGuest,
            Segments out,
            @Nullable FetchedLists fetched) {
        long address = firstAddress;
        long control = firstControl;
        int descriptors = 0;
        for (int segments = 0; segments < SEGMENTS_MAX; segments++) {
            long bytes = length(control);
            boolean last = type(control) == TYPE_LAST_SEGMENT;
            if (subtype(control) != 0) {
                return DataWalk.SGL_TYPE;
            }
            if (bytes == 0 || bytes % DESCRIPTOR_SIZE != 0 || (address & 7) != 0) {
                return DataWalk.SGL_SEGMENT;
            }
            long at = address;
            boolean chained = false;
            for (long end = bytes - DESCRIPTOR_SIZE, position = 0; position <= end; position += DESCRIPTOR_SIZE) {
                if (++descriptors > DESCRIPTORS_MAX) {
                    return DataWalk.SGL_COUNT;
                }
                int status = fetch(memory, at + position, fetched);
                if (status != DataWalk.OK) {
                    return status;
                }
                int type = type(wordHigh);
                if (type == TYPE_SEGMENT || type == TYPE_LAST_SEGMENT) {
                    if (last || position != end) {
                        return DataWalk.SGL_SEGMENT;
                    }
                    address = wordLow;
                    control = wordHigh;
                    chained = true;
                } else {
                    status = data(memory, wordLow, wordHigh, toGuest, out);
                    if (status != DataWalk.OK || left == 0) {
                        return status;
                    }
                }
            }
            if (!chained) {
                return last ? DataWalk.SGL_LENGTH : DataWalk.SGL_SEGMENT;
            }
        }
        return DataWalk.SGL_COUNT;
    }

    /** Works one data or bit bucket descriptor. */
    private int data(GuestMemory memory, long address, long control, boolean toGuest, Segments out) {
        int type = type(control);
        if (subtype(control) != 0 || (type != TYPE_DATA_BLOCK && type != TYPE_BIT_BUCKET)) {
            return DataWalk.SGL_TYPE;
        }
        long part = Math.min(left, length(control));
        if (type == TYPE_DATA_BLOCK) {
            left -= part;
            return DataWalk.append(memory, address, part, toGuest, out);
        }
        // Towards the controller a bit bucket stands for no data at all.
        if (toGuest) {
            left -= part;
            while (part > 0) {
                long slice = Math.min(part, BUCKET.byteSize());
                out.add(BUCKET, 0, slice);
                part -= slice;
            }
        }
        return DataWalk.OK;
    }

    private int fetch(GuestMemory memory, long iova, @Nullable FetchedLists fetched) {
        for (int half = 0; half < 2; half++) {
            long at = iova + half * (long) Long.BYTES;
            Region region = memory.find(at);
            if (region == null || !region.readable()) {
                return DataWalk.UNMAPPED;
            }
            MemorySegment segment = region.segment();
            long word;
            if (segment != null) {
                // A region of an odd size may end within the word.
                if (region.bytesFrom(at) < Long.BYTES) {
                    return DataWalk.UNMAPPED;
                }
                word = segment.get(WORD, at - region.iova());
            } else if (fetched == null) {
                return DataWalk.UNMAPPED;
            } else if (fetched.holds(at)) {
                word = fetched.word(at);
            } else {
                return DataWalk.LIST_MISSING;
            }
            if (half == 0) {
                wordLow = word;
            } else {
                wordHigh = word;
            }
        }
        return DataWalk.OK;
    }

    private static long length(long control) {
        return control & 0xffff_ffffL;
    }

    private static int type(long control) {
        return (int) (control >>> 60);
    }

    private static int subtype(long control) {
        return (int) (control >>> 56) & 0xf;
    }
}
