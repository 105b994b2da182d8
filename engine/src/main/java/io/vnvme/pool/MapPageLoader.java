package io.vnvme.pool;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Checksum;
import io.vnvme.pool.format.FormatException;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.MapPage;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.format.SetRecord;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Reads the pages of a layer's map, in the order in which they lie, those side by side together. */
final class MapPageLoader {
    /** Read at once, in pages. */
    private static final int RUN_PAGES = 256;

    /** Reads under way at once: the drive goes on while pages are put into the map. */
    private static final int RUNS = 4;

    /** More than the index of any page that a directory has; page numbers have 36 bits. */
    private static final int PAGE_BITS = 26;

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
        // Where a page lies, and which it is: sorted, they come in the order in which they lie.
        long[] keys = new long[count];
        int filled = 0;
        for (int page = 0; page < directory.length() << MapPage.REFERENCES_SHIFT; page++) {
            long number = directory.page(page);
            if (number != 0) {
                keys[filled++] = (number - 1) << PAGE_BITS | page;
            }
        }
        Arrays.sort(keys);
        try (Arena arena = Arena.ofConfined()) {
            List<Run> runs = new ArrayList<>(RUNS);
            try {
                load(keys, runs, arena);
            } finally {
                // The memory is the drive's until it says so.
                for (Run run : runs) {
                    run.await();
                }
            }
        }
    }

    private void load(long[] keys, List<Run> runs, Arena arena) {
        // Most layers have a few pages, and a pool may have thousands of layers.
        long runBytes = (long) Math.min(keys.length, RUN_PAGES) << Geometry.BLOCK_SHIFT;
        int begun = 0;
        for (int from = 0, taken = 0; from < keys.length || taken < begun; taken++) {
            while (from < keys.length && begun - taken < RUNS) {
                if (begun < RUNS) {
                    runs.add(new Run(arena.allocate(runBytes, Geometry.BLOCK_BYTES)));
                }
                from = runs.get(begun++ % RUNS).begin(keys, from);
            }
            runs.get(taken % RUNS).take();
        }
    }

    /** Pages that lie side by side, on their way into memory. */
    private final class Run {
        private final MemorySegment buffer;
        private final int[] pages = new int[RUN_PAGES];
        private int length;
        private long base;
        private @Nullable SetReader reader;
        private BlockingDrive.@Nullable Ahead ahead;

        Run(MemorySegment buffer) {
            this.buffer = buffer;
        }

        /** Begins to read. @return where in {@code keys} the next run begins */
        int begin(long[] keys, int from) {
            long first = keys[from] >>> PAGE_BITS;
            int set = space.indexOf(MapPage.cluster(first));
            if (set < 0) {
                throw new FormatException("a page of layer %d is not there".formatted(layer.id()));
            }
            SetRecord record = config.sets().get(set);
            length = 0;
            while (from + length < keys.length && length < RUN_PAGES) {
                long key = keys[from + length];
                if (key >>> PAGE_BITS != first + length || !record.contains(MapPage.cluster(first + length))) {
                    break;
                }
                pages[length++] = (int) (key & ((1 << PAGE_BITS) - 1));
            }
            SetReader its = readers.apply(set);
            base = record.dataOffsetBytes()
                    + ((MapPage.cluster(first) - record.firstCluster()) << Geometry.CLUSTER_SHIFT)
                    + MapPage.offsetInCluster(first);
            ahead = its.readAhead(base, buffer.asSlice(0, (long) length << Geometry.BLOCK_SHIFT));
            reader = its;
            return from + length;
        }

        boolean await() {
            BlockingDrive.Ahead reading = ahead;
            ahead = null;
            return reading != null && reading.await() == IoStatus.OK;
        }

        /** Puts what was read into the map. */
        void take() {
            boolean read = await();
            PageDirectory directory = layer.map().directory();
            for (int i = 0; i < length; i++) {
                long at = (long) i << Geometry.BLOCK_SHIFT;
                int checksum = directory.checksum(pages[i]);
                if ((read && Checksum.of(buffer, at, Geometry.BLOCK_BYTES) == checksum) || again(at, checksum)) {
                    layer.map().load(pages[i], buffer, at, layer.lengthClusters());
                } else {
                    problems.accept("a page of the map of layer %d is damaged".formatted(layer.id()));
                }
            }
        }

        /** Perhaps another drive has the page, or only a part of the run cannot be read. */
        private boolean again(long at, int checksum) {
            SetReader its = reader;
            return its != null && its.read(base + at, buffer.asSlice(at, Geometry.BLOCK_BYTES), checksum);
        }
    }
}
