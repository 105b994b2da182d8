package io.vnvme.pool;

import io.vnvme.pool.format.Checksum;
import io.vnvme.pool.format.FormatException;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.MapPage;
import io.vnvme.pool.format.PoolConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/** Reads the pages of a layer's map, in the order in which they lie, those side by side together. */
final class MapPageLoader {
    /** Read at once, in pages. */
    private static final int RUN_PAGES = 256;

    private final Layer layer;
    private final ClusterSpace space;
    private final PoolConfig config;
    private final IntFunction<SetReader> readers;
    private final Consumer<String> problems;

    MapPageLoader(
            Layer layer,
            ClusterSpace space,
            PoolConfig config,
            IntFunction<SetReader> readers,
            Consumer<String> problems) {
        this.problems = problems;
        this.layer = layer;
        this.space = space;
        this.config = config;
        this.readers = readers;
    }

    void load() {
        PageDirectory directory = layer.map().directory();
        int count = directory.pageCount();
        if (count == 0) {
            return;
        }
        long[] places = new long[count];
        int[] pages = new int[count];
        int filled = 0;
        for (int page = 0; page < directory.length() << MapPage.REFERENCES_SHIFT; page++) {
            long number = directory.page(page);
            if (number != 0) {
                places[filled] = number - 1;
                pages[filled++] = page;
            }
        }
        Integer[] order = new Integer[0];
        boolean sorted = true;
        for (int i = 1; i < count && sorted; i++) {
            sorted = places[i] > places[i - 1];
        }
        if (!sorted) {
            order = new Integer[count];
            Arrays.setAll(order, i -> i);
            Arrays.sort(order, (a, b) -> Long.compareUnsigned(places[a], places[b]));
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate((long) RUN_PAGES << Geometry.BLOCK_SHIFT, Geometry.BLOCK_BYTES);
            int[] run = new int[RUN_PAGES];
            for (int from = 0; from < count; ) {
                int length = 0;
                long first = places[sorted ? from : order[from]];
                int set = space.indexOf(MapPage.cluster(first));
                while (from + length < count && length < RUN_PAGES) {
                    int at = sorted ? from + length : order[from + length];
                    if (places[at] != first + length || space.indexOf(MapPage.cluster(places[at])) != set) {
                        break;
                    }
                    run[length++] = pages[at];
                }
                if (length == 0) {
                    throw new FormatException("two pages of layer %d lie at the same place".formatted(layer.id()));
                }
                read(buffer, set, first, run, length);
                from += length;
            }
        }
    }

    private void read(MemorySegment buffer, int set, long first, int[] run, int length) {
        if (set < 0) {
            throw new FormatException("a page of layer %d is not there".formatted(layer.id()));
        }
        SetReader reader = readers.apply(set);
        long base = config.sets().get(set).dataOffsetBytes()
                + ((MapPage.cluster(first) - config.sets().get(set).firstCluster()) << Geometry.CLUSTER_SHIFT)
                + MapPage.offsetInCluster(first);
        MemorySegment target = buffer.asSlice(0, (long) length << Geometry.BLOCK_SHIFT);
        boolean read = reader.read(base, target);
        PageDirectory directory = layer.map().directory();
        for (int i = 0; i < length; i++) {
            long at = (long) i << Geometry.BLOCK_SHIFT;
            int checksum = directory.checksum(run[i]);
            if (!read || Checksum.of(buffer, at, Geometry.BLOCK_BYTES) != checksum) {
                // Perhaps another drive has it, or only a part of the run cannot be read.
                if (!reader.read(base + at, buffer.asSlice(at, Geometry.BLOCK_BYTES), checksum)) {
                    problems.accept("a page of the map of layer %d is damaged".formatted(layer.id()));
                    continue;
                }
            }
            layer.map().load(run[i], buffer, at, layer.lengthClusters());
        }
    }
}
