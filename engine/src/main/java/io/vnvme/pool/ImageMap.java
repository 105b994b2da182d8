package io.vnvme.pool;

import io.vnvme.pool.checksum.ChecksumArea;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.LayerRecord;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where the data of a pool that is not in use lies: for who checks it or reads from it without taking it over. */
public final class ImageMap {
    private static final int CLUSTER_BLOCKS = Geometry.CLUSTER_BLOCKS;

    private final PoolImage image;

    public ImageMap(PoolImage image) {
        this.image = image;
    }

    /** Who is told where the blocks of a cluster are. */
    @FunctionalInterface
    public interface Sink {
        /**
         * @param block index in the volume of the first block
         * @param count of blocks that lie side by side, in one cluster
         * @param set index of the set that they are on; -1: they read zeros
         * @param offsetBytes where on the set
         */
        void run(long block, int count, int set, long offsetBytes);
    }

    /** All volumes and snapshots. */
    public List<LayerRecord> list() {
        List<LayerRecord> named = new ArrayList<>();
        for (Layer layer : image.layers().all()) {
            if (!layer.hidden()) {
                named.add(layer.record());
            }
        }
        return named;
    }

    /** Clusters in use, of data and of metadata. */
    public long usedClusters() {
        return image.space().usedCount();
    }

    public long totalClusters() {
        return image.space().totalCount();
    }

    /** Clusters that metadata takes. */
    public long metadataClusters() {
        return image.pages().clusterCount();
    }

    /**
     * Counts what the maps refer to, anew.
     *
     * @return a line for people when a cluster is referred to twice, or counts as used and is not; null when all is well
     */
    public @Nullable String disagreement() {
        BitSet referred = new BitSet();
        for (Layer layer : image.layers().all()) {
            LayerMap map = layer.map();
            for (long index = map.next(0); index != Long.MAX_VALUE; index = map.next(index + 1)) {
                long entry = map.entry(index);
                if (!Entry.mapped(entry)) {
                    continue;
                }
                int cluster = (int) Entry.cluster(entry);
                if (referred.get(cluster) || image.pages().isMetadata(cluster)) {
                    return "cluster %d is referred to twice, once by layer %d".formatted(cluster, layer.id());
                }
                referred.set(cluster);
            }
        }
        long reachable = referred.cardinality() + metadataClusters();
        return reachable == usedClusters()
                ? null
                : "%d clusters are in use, and %d are referred to".formatted(usedClusters(), reachable);
    }

    /**
     * Says for every block of a volume or snapshot where it is.
     *
     * @throws PoolException when there is nothing of that name
     */
    public void each(String name, Sink sink) {
        Layer top = image.layers().require(name);
        long blocks = top.record().sizeBytes() >>> Geometry.BLOCK_SHIFT;
        long[] places = new long[CLUSTER_BLOCKS];
        for (long first = 0; first < blocks; first += CLUSTER_BLOCKS) {
            locate(top, first, places);
            int count = (int) Math.min(CLUSTER_BLOCKS, blocks - first);
            for (int from = 0; from < count; ) {
                int to = from + 1;
                long step = places[from] == Resolver.ZERO ? 0 : 1;
                while (to < count && places[to] == places[to - 1] + step) {
                    to++;
                }
                tell(first + from, to - from, places[from], sink);
                from = to;
            }
        }
    }

    /**
     * Whether checksums at that place may be older than the data (docs/formats/checksums.md): nothing is known of it then.
     *
     * @param offsetBytes of data, on the set
     */
    public boolean checksumNoted(int set, long offsetBytes) {
        long region = clusterOf(set, offsetBytes) / ChecksumArea.CLUSTERS_PER_PAGE;
        return image.notes().get(PoolChecksums.NOTE_KIND, PoolChecksums.noteKey(set, (int) region)) != 0;
    }

    /**
     * Where on the set the 4 bytes are that {@link ChecksumArea#stored} makes of a block's CRC32C, 0 when it is not known.
     *
     * @param offsetBytes of the block, on the set
     */
    public long checksumOffset(int set, long offsetBytes) {
        long block = (offsetBytes - image.config().sets().get(set).dataOffsetBytes()) >>> Geometry.BLOCK_SHIFT;
        return Geometry.checksumOffset(image.config().journalBytes()) + block * Integer.BYTES;
    }

    private long clusterOf(int set, long offsetBytes) {
        return (offsetBytes - image.config().sets().get(set).dataOffsetBytes()) >>> Geometry.CLUSTER_SHIFT;
    }

    private void tell(long block, int count, long place, Sink sink) {
        if (place == Resolver.ZERO) {
            sink.run(block, count, -1, 0);
            return;
        }
        long cluster = place >>> 4;
        int set = image.space().indexOf(cluster);
        long inSet = cluster - image.config().sets().get(set).firstCluster();
        long offset = image.config().sets().get(set).dataOffsetBytes() + (inSet << Geometry.CLUSTER_SHIFT);
        sink.run(block, count, set, offset + ((place & 15) << Geometry.BLOCK_SHIFT));
    }

    /** Where each block of a cluster is: cluster number times 16 plus the block in it, or {@link Resolver#ZERO}. */
    private static void locate(Layer top, long firstBlock, long[] places) {
        long index = firstBlock >>> 4;
        int open = Entry.ALL_BLOCKS;
        for (Layer layer = top; layer != null && open != 0; layer = layer.parent()) {
            long entry = layer.map().entry(index);
            int here = Entry.written(entry) & open;
            for (int left = here; left != 0; left &= left - 1) {
                int block = Integer.numberOfTrailingZeros(left);
                places[block] = Entry.cluster(entry) << 4 | block;
            }
            open &= ~here;
            int zeros = open & (Entry.zeroed(entry) | ~layer.overlapping(index));
            open &= ~zeros;
            mark(places, zeros);
        }
        mark(places, open);
    }

    private static void mark(long[] places, int zeros) {
        for (int left = zeros; left != 0; left &= left - 1) {
            places[Integer.numberOfTrailingZeros(left)] = Resolver.ZERO;
        }
    }
}
