package io.vnvme.pool;

import io.vnvme.pool.format.Layout;
import io.vnvme.pool.format.SetRecord;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which clusters of the pool are in use, and which one comes next.
 *
 * <p>A cluster that is freed is not free yet: its freeing must be durable, and I/O of before must have ended. Until then
 * it is counted as {@linkplain #pendingCount pending}.
 */
final class ClusterSpace {
    private static final ClusterList NOTHING = new ClusterList();

    private final Layout layout;
    private final List<@Nullable SetSpace> spaces = new ArrayList<>();
    private final List<SetRecord> records = new ArrayList<>();
    private int nextSet;
    private int lastIndex;
    private long freeCount;
    private long totalCount;
    private ClusterList pending = new ClusterList();
    private long pendingCount;
    private long reservedCount;

    ClusterSpace(Layout layout) {
        this.layout = layout;
    }

    void add(int index, SetRecord record) {
        while (spaces.size() <= index) {
            spaces.add(null);
            records.add(new SetRecord(0, 0, 0, false));
        }
        records.set(index, record);
        if (record.clusterCount() > 0) {
            SetSpace space = new SetSpace(record.clusterCount());
            spaces.set(index, space);
            if (!record.draining()) {
                freeCount += space.freeCount();
                totalCount += space.clusterCount();
            }
        }
    }

    /** Nothing is put on the set any more; what is there stays until it is moved. */
    void drain(int index) {
        SetSpace space = space(index);
        freeCount -= space.freeCount();
        totalCount -= space.clusterCount();
        records.set(index, records.get(index).withDraining(true));
    }

    /** The counterpart of {@link #drain}. */
    void undrain(int index) {
        SetSpace space = space(index);
        freeCount += space.freeCount();
        totalCount += space.clusterCount();
        records.set(index, records.get(index).withDraining(false));
    }

    void remove(int index) {
        spaces.set(index, null);
        records.set(index, new SetRecord(0, 0, 0, false));
    }

    private SetSpace space(int index) {
        SetSpace space = spaces.get(index);
        if (space == null) {
            throw new IllegalStateException("set %d is not there".formatted(index));
        }
        return space;
    }

    /** Clusters of a set that are in use. */
    long usedCount(int index) {
        return space(index).usedCount();
    }

    /** Clusters in use on all sets, those that are being emptied too. */
    long usedCount() {
        long used = 0;
        for (SetSpace space : spaces) {
            used += space == null ? 0 : space.usedCount();
        }
        return used;
    }

    /** Clusters of all sets that take new data. */
    long totalCount() {
        return totalCount;
    }

    /** Clusters that can be allocated at once, whatever they are kept for. */
    long freeCount() {
        return freeCount;
    }

    /** Clusters that will be free when the journal says so. */
    long pendingCount() {
        return pendingCount;
    }

    /** Clusters that thick volumes have not used yet. */
    long reservedCount() {
        return reservedCount;
    }

    void reserve(long clusters) {
        reservedCount += clusters;
    }

    /** @return number of a cluster, -1 when there is none */
    long allocate() {
        if (freeCount == 0) {
            return -1;
        }
        int start = layout == Layout.STRIPE ? nextSet : 0;
        for (int i = 0; i < spaces.size(); i++) {
            int index = (start + i) % spaces.size();
            SetSpace space = spaces.get(index);
            if (space == null || records.get(index).draining()) {
                continue;
            }
            long cluster = space.allocate();
            if (cluster >= 0) {
                nextSet = index + 1;
                freeCount--;
                return records.get(index).firstCluster() + cluster;
            }
        }
        return -1;
    }

    /** Takes a cluster that was found in use. @return false when there is no such cluster, or it was found before */
    boolean take(long cluster) {
        int index = indexOf(cluster);
        if (index < 0) {
            return false;
        }
        boolean taken = space(index).take(cluster - records.get(index).firstCluster());
        if (taken && !records.get(index).draining()) {
            freeCount--;
        }
        return taken;
    }

    /**
     * Takes clusters that were found in use, from {@code clusters[from]} on.
     *
     * @return index of the first that is not there or was found before; {@code count} when all are fine
     */
    int take(long[] clusters, int from, int count) {
        int at = from;
        while (at < count) {
            int index = indexOf(clusters[at]);
            if (index < 0) {
                return at;
            }
            int end = space(index).take(clusters, at, count, records.get(index).firstCluster());
            if (end == at) {
                return at;
            }
            if (!records.get(index).draining()) {
                freeCount -= end - at;
            }
            at = end;
        }
        return at;
    }

    /** The cluster belongs to a layer with checksums, as was found when the pool was loaded. */
    void markSummed(long cluster) {
        int index = indexOf(cluster);
        if (index >= 0) {
            space(index).markSummed(cluster - records.get(index).firstCluster());
        }
    }

    /** True when the cluster was marked so and has not become another's since. */
    boolean summed(long cluster) {
        int index = indexOf(cluster);
        return index >= 0 && space(index).summed(cluster - records.get(index).firstCluster());
    }

    /** Nobody asks any more which clusters of a set have checksums. */
    void forgetSummed(int index) {
        space(index).forgetSummed();
    }

    boolean isUsed(long cluster) {
        int index = indexOf(cluster);
        return index >= 0 && space(index).isUsed(cluster - records.get(index).firstCluster());
    }

    /** Index of the set that has the cluster; -1: none. */
    int indexOf(long cluster) {
        // Those in question one after the other are mostly on one set.
        if (lastIndex < records.size() && records.get(lastIndex).contains(cluster)) {
            return lastIndex;
        }
        for (int i = 0; i < records.size(); i++) {
            if (records.get(i).contains(cluster)) {
                lastIndex = i;
                return i;
            }
        }
        return -1;
    }

    /** A cluster is needed no more: it can be allocated again once that is durable. */
    void free(long cluster) {
        pending.add(cluster);
        pendingCount++;
    }

    /** The clusters freed so far: to be handed to {@link #release} when their freeing is durable. */
    ClusterList takePending() {
        if (pending.size() == 0) {
            return NOTHING;
        }
        ClusterList taken = pending;
        pending = new ClusterList();
        return taken;
    }

    void release(ClusterList clusters) {
        for (int i = 0; i < clusters.size(); i++) {
            releaseNow(clusters.get(i));
        }
        pendingCount -= clusters.size();
    }

    /** Frees a cluster that nothing durable refers to. */
    void releaseNow(long cluster) {
        int index = indexOf(cluster);
        space(index).release(cluster - records.get(index).firstCluster());
        if (!records.get(index).draining()) {
            freeCount++;
        }
    }
}
