package io.vnvme.pool;

import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.MapPage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.BitSet;

/** Where the pages of a layer's map lie as of the last checkpoint, by directory page; and where those lie. */
final class PageDirectory {
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private long[][] numbers = new long[0][];
    private int[][] checksums = new int[0][];
    private long[] ownNumbers = new long[0];
    private int[] ownChecksums = new int[0];
    private final BitSet changed = new BitSet();
    private int pageCount;

    /** Directory pages, those that are not there included. */
    int length() {
        return numbers.length;
    }

    /** Page number of a map page plus 1; 0: it has no place. */
    long page(int page) {
        int part = page >>> MapPage.REFERENCES_SHIFT;
        long[] in = part < numbers.length ? numbers[part] : null;
        return in == null ? 0 : in[page & (MapPage.REFERENCES - 1)];
    }

    int checksum(int page) {
        int[] in = checksums[page >>> MapPage.REFERENCES_SHIFT];
        return in == null ? 0 : in[page & (MapPage.REFERENCES - 1)];
    }

    /** A map page has a new place. {@code numberPlusOne} 0: it has none */
    void set(int page, long numberPlusOne, int checksum) {
        int part = page >>> MapPage.REFERENCES_SHIFT;
        require(part);
        long[] in = numbers[part];
        int[] sums = checksums[part];
        if (in == null || sums == null) {
            in = new long[MapPage.REFERENCES];
            sums = new int[MapPage.REFERENCES];
            numbers[part] = in;
            checksums[part] = sums;
        }
        int at = page & (MapPage.REFERENCES - 1);
        pageCount += (numberPlusOne != 0 ? 1 : 0) - (in[at] != 0 ? 1 : 0);
        in[at] = numberPlusOne;
        sums[at] = checksum;
        changed.set(part);
    }

    private void require(int part) {
        if (part >= numbers.length) {
            numbers = Arrays.copyOf(numbers, part + 1);
            checksums = Arrays.copyOf(checksums, part + 1);
            ownNumbers = Arrays.copyOf(ownNumbers, part + 1);
            ownChecksums = Arrays.copyOf(ownChecksums, part + 1);
        }
    }

    /** Takes page numbers. */
    interface PageSink {
        void page(long number);
    }

    /** Hands over the places of all map pages, and of the pages of this directory itself. */
    void forEachPlace(PageSink sink) {
        for (long own : ownNumbers) {
            if (own != 0) {
                sink.page(own - 1);
            }
        }
        forEachPage(sink);
    }

    /** Hands over the places of all map pages. */
    void forEachPage(PageSink sink) {
        for (long[] part : numbers) {
            if (part != null) {
                for (long number : part) {
                    if (number != 0) {
                        sink.page(number - 1);
                    }
                }
            }
        }
    }

    /** Map pages that have a place. */
    int pageCount() {
        return pageCount;
    }

    /** Directory pages that a checkpoint has to write. */
    BitSet changed() {
        return changed;
    }

    /** The next checkpoint writes the directory page to another place. */
    void rewrite(int part) {
        changed.set(part);
    }

    /** Place of a directory page plus 1; 0: none. */
    long ownPage(int part) {
        return ownNumbers[part];
    }

    int ownChecksum(int part) {
        return ownChecksums[part];
    }

    void setOwn(int part, long numberPlusOne, int checksum) {
        require(part);
        ownNumbers[part] = numberPlusOne;
        ownChecksums[part] = checksum;
    }

    /** Writes a directory page. @return false when it refers to nothing */
    boolean serialize(int part, MemorySegment target, long at) {
        changed.clear(part);
        target.asSlice(at, Geometry.BLOCK_BYTES).fill((byte) 0);
        long[] in = numbers[part];
        int[] sums = checksums[part];
        boolean any = false;
        if (in != null && sums != null) {
            for (int i = 0; i < MapPage.REFERENCES; i++) {
                any |= in[i] != 0;
                target.set(U64, at + (long) i * MapPage.REFERENCE_BYTES, in[i]);
                target.set(U32, at + (long) i * MapPage.REFERENCE_BYTES + 8, sums[i]);
            }
        }
        return any;
    }

    /** Takes over a directory page as it was found. */
    void load(int part, MemorySegment source, long at) {
        for (int i = 0; i < MapPage.REFERENCES; i++) {
            long number = source.get(U64, at + (long) i * MapPage.REFERENCE_BYTES);
            if (number != 0) {
                set(
                        (part << MapPage.REFERENCES_SHIFT) + i,
                        number,
                        source.get(U32, at + (long) i * MapPage.REFERENCE_BYTES + 8));
            }
        }
        changed.clear(part);
    }
}
