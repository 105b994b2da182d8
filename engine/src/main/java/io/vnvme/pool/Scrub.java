package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Checksum;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.MapPage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads everything that the pool refers to, while it is in use: pages of the maps against their checksums, and the
 * blocks of all volumes and snapshots. Counts what cannot be read and says whose it is.
 */
public final class Scrub {
    /** Clusters read at the same time: few, so that guests hardly notice. */
    private static final int READS_MAX = 4;

    private static final int SLICE = 512;
    /** Most findings that are kept; more are counted. */
    private static final int FINDINGS_MAX = 100;

    /** Told how far it is. */
    @FunctionalInterface
    public interface Progress {
        void progress(long doneClusters, long totalClusters);
    }

    /** What a scrub came to. {@code findings}: a line each, at most 100. */
    public record Report(long clustersRead, long pagesRead, long errors, List<String> findings) {}

    /** Told of the end. */
    @FunctionalInterface
    public interface Ended {
        void ended(Report report, boolean complete);
    }

    private final Pool pool;
    private final Progress progress;
    private final Ended done;
    private final List<Layer> layers;
    private final List<String> findings = new ArrayList<>();
    private final ArrayDeque<MemorySegment> buffers = new ArrayDeque<>();
    private final long total;
    private int layerCursor;
    private long index;
    private int page;
    private int reading;
    private long clustersRead;
    private long pagesRead;
    private long errors;
    private boolean cancelled;
    private boolean ended;

    Scrub(Pool pool, Progress progress, Ended done) {
        this.pool = pool;
        this.progress = progress;
        this.done = done;
        layers = List.copyOf(pool.layers().all());
        total = layers.stream().mapToLong(layer -> layer.map().clusterCount()).sum();
        for (int i = 0; i < READS_MAX; i++) {
            buffers.add(Arena.ofAuto().allocate(Geometry.CLUSTER_BYTES, Geometry.BLOCK_BYTES));
        }
    }

    /** Ends it early. */
    public void cancel() {
        cancelled = true;
    }

    boolean ended() {
        return ended;
    }

    /** Goes on. @return how much was done */
    int poll() {
        if (ended) {
            return 0;
        }
        boolean over = cancelled || pool.stopped() || pool.closing() || layerCursor == layers.size();
        if (over) {
            if (reading == 0) {
                ended = true;
                done.ended(
                        new Report(clustersRead, pagesRead, errors, List.copyOf(findings)),
                        layerCursor == layers.size());
            }
            return 0;
        }
        int work = 0;
        while (work < SLICE && !buffers.isEmpty() && layerCursor < layers.size()) {
            work++;
            step(layers.get(layerCursor));
        }
        return buffers.isEmpty() ? 0 : work;
    }

    private void step(Layer layer) {
        PageDirectory directory = layer.map().directory();
        boolean present = pool.layers().byId(layer.id()) == layer;
        if (present && page < directory.length() << MapPage.REFERENCES_SHIFT) {
            page(layer, directory, page++);
            return;
        }
        index = present ? layer.map().next(index) : Long.MAX_VALUE;
        if (index == Long.MAX_VALUE) {
            layerCursor++;
            index = 0;
            page = 0;
            return;
        }
        long entry = layer.map().entry(index);
        if (Entry.mapped(entry) && Entry.written(entry) != 0) {
            cluster(layer, index, entry);
        }
        index++;
    }

    private void page(Layer layer, PageDirectory directory, int number) {
        long place = directory.page(number);
        if (place == 0) {
            return;
        }
        int checksum = directory.checksum(number);
        long cluster = MapPage.cluster(place - 1);
        PoolSet set = pool.sets().of(cluster);
        long offset = set.offset(cluster) + MapPage.offsetInCluster(place - 1);
        pagesRead++;
        read(set, offset, Geometry.BLOCK_BYTES, (memory, status) -> {
            boolean moved = directory.page(number) != place;
            if (!moved
                    && (status != IoStatus.OK || Checksum.of(memory, 0, Geometry.BLOCK_BYTES) != checksum)
                    && pool.layers().byId(layer.id()) == layer) {
                found("a page of the map of %s is damaged on the drives: it is written anew".formatted(name(layer)));
                layer.map().rewrite(number);
            }
        });
    }

    private void cluster(Layer layer, long at, long entry) {
        long cluster = Entry.cluster(entry);
        PoolSet set = pool.sets().of(cluster);
        int written = Entry.written(entry);
        int first = Integer.numberOfTrailingZeros(written);
        int blocks = 32 - Integer.numberOfLeadingZeros(written) - first;
        clustersRead++;
        long skip = (long) first << Geometry.BLOCK_SHIFT;
        read(set, set.offset(cluster) + skip, (long) blocks << Geometry.BLOCK_SHIFT, (_, status) -> {
            if (status != IoStatus.OK && layer.map().entry(at) == entry) {
                found("%s cannot be read at byte %d".formatted(name(layer), (at << Geometry.CLUSTER_SHIFT) + skip));
            }
        });
        if ((clustersRead & 255) == 0) {
            progress.progress(Math.min(clustersRead, total), total);
        }
    }

    private static String name(Layer layer) {
        return layer.hidden() ? "a hidden layer" : layer.record().name();
    }

    private void found(String finding) {
        errors++;
        if (findings.size() < FINDINGS_MAX) {
            findings.add(finding);
        }
    }

    private interface Reader {
        void read(MemorySegment memory, int status);
    }

    private void read(PoolSet set, long offset, long length, Reader reader) {
        MemorySegment buffer = buffers.remove();
        int period = pool.drain().enter();
        reading++;
        Io io = new Io((_, status) -> ended(buffer, period, reader, status));
        io.prepare(Io.READ, offset, length, false);
        io.data().add(buffer, 0, length);
        int status = set.drive().submit(io);
        if (status != IoStatus.PENDING) {
            ended(buffer, period, reader, status);
        }
    }

    private void ended(MemorySegment buffer, int period, Reader reader, int status) {
        reading--;
        pool.drain().leave(period);
        reader.read(buffer, status);
        buffers.add(buffer);
    }
}
