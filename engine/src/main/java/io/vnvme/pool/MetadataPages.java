package io.vnvme.pool;

import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.MapPage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Places for pages of metadata: single blocks of clusters that hold nothing else.
 *
 * <p>A page is never written over: a checkpoint writes its pages to new places, and gives the old ones back when its
 * superblock is durable.
 */
final class MetadataPages {
    private final ClusterSpace space;
    /** For each cluster of metadata, the blocks in use. */
    private final Map<Long, Integer> clusters = new HashMap<>();
    /** The cluster that is being filled; -1: none. */
    private long open = -1;

    private int openBlocks;
    private List<Long> obsolete = new ArrayList<>();
    private List<Long> obsoleteClusters = new ArrayList<>();

    MetadataPages(ClusterSpace space) {
        this.space = space;
    }

    /** Clusters that metadata takes. */
    long clusterCount() {
        return clusters.size();
    }

    boolean isMetadata(long cluster) {
        return clusters.containsKey(cluster);
    }

    /** All clusters of metadata as they are now. */
    List<Long> clusters() {
        return List.copyOf(clusters.keySet());
    }

    /**
     * A place for a page. Successive ones lie side by side.
     *
     * @return its page number, -1 when there is no space
     */
    long allocate() {
        if (open < 0 || openBlocks == Geometry.CLUSTER_BLOCKS) {
            open = space.allocate();
            if (open < 0) {
                return -1;
            }
            openBlocks = 0;
            clusters.put(open, 0);
        }
        int block = openBlocks++;
        clusters.merge(open, 1 << block, (a, b) -> a | b);
        return MapPage.number(open, block);
    }

    /** Nothing more goes to the cluster that is being filled: a new checkpoint begins with a fresh one. */
    void closeOpen() {
        open = -1;
    }

    /**
     * A cluster for {@code bytes} of the catalog alone.
     *
     * @return -1 when there is no space
     */
    long allocateCluster(long bytes) {
        long cluster = space.allocate();
        if (cluster >= 0) {
            clusters.put(cluster, Entry.blocks(0, (int) bytes));
        }
        return cluster;
    }

    /** Whether somebody may read blocks, a bit each, of a cluster of metadata. */
    boolean uses(long cluster, int blocks) {
        return (clusters.getOrDefault(cluster, 0) & blocks) != 0;
    }

    /** Takes a page that was found in use. @return false when its cluster is not there or holds data */
    boolean take(long pageNumber) {
        long cluster = MapPage.cluster(pageNumber);
        int bit = 1 << (int) (pageNumber & 15);
        Integer blocks = clusters.get(cluster);
        if (blocks == null) {
            if (!space.take(cluster)) {
                return false;
            }
            blocks = 0;
        }
        clusters.put(cluster, blocks | bit);
        return (blocks & bit) == 0;
    }

    /** Takes a cluster that was found in use by {@code bytes} of the catalog. @return false when it is not there or taken */
    boolean takeCluster(long cluster, long bytes) {
        if (clusters.containsKey(cluster) || !space.take(cluster)) {
            return false;
        }
        clusters.put(cluster, Entry.blocks(0, (int) bytes));
        return true;
    }

    /** A page that the next checkpoint will not refer to. */
    void retire(long pageNumber) {
        obsolete.add(pageNumber);
    }

    void retireCluster(long cluster) {
        obsoleteClusters.add(cluster);
    }

    /** What was retired so far: to be given to {@link #release} when the checkpoint is durable that does without it. */
    Retired takeRetired() {
        Retired retired = new Retired(obsolete, obsoleteClusters);
        obsolete = new ArrayList<>();
        obsoleteClusters = new ArrayList<>();
        return retired;
    }

    /** The checkpoint did not happen: what was retired is still referred to. */
    void restore(Retired retired) {
        obsolete.addAll(retired.pages());
        obsoleteClusters.addAll(retired.clusters());
    }

    /** Places that are referred to no more once a checkpoint is durable. */
    record Retired(List<Long> pages, List<Long> clusters) {}

    void release(Retired retired) {
        for (long page : retired.pages()) {
            long cluster = MapPage.cluster(page);
            int left = clusters.getOrDefault(cluster, 0) & ~(1 << (int) (page & 15));
            if (left == 0 && cluster != open) {
                clusters.remove(cluster);
                space.releaseNow(cluster);
            } else {
                clusters.put(cluster, left);
            }
        }
        for (long cluster : retired.clusters()) {
            clusters.remove(cluster);
            space.releaseNow(cluster);
        }
    }
}
