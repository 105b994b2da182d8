package io.vnvme.pool;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Which clusters of one set are in use. Cluster numbers are the set's own, from 0. */
final class SetSpace {
    private final long clusterCount;
    private final long[] used;
    private long usedCount;
    private int cursor;
    /** Clusters whose checksums are known to count; null when nobody asked for that. */
    private long @Nullable [] summed;

    SetSpace(long clusterCount) {
        this.clusterCount = clusterCount;
        used = new long[(int) ((clusterCount + 63) >>> 6)];
        int tail = (int) (clusterCount & 63);
        if (tail != 0) {
            // Behind the end nothing is ever free.
            used[used.length - 1] = -1L << tail;
        }
    }

    long freeCount() {
        return clusterCount - usedCount;
    }

    long usedCount() {
        return usedCount;
    }

    long clusterCount() {
        return clusterCount;
    }

    boolean isUsed(long cluster) {
        return (used[(int) (cluster >>> 6)] >>> cluster & 1) != 0;
    }

    /** Takes a cluster that is known to be in use. @return false when it was taken before */
    boolean take(long cluster) {
        int word = (int) (cluster >>> 6);
        long bit = 1L << cluster;
        if ((used[word] & bit) != 0) {
            return false;
        }
        used[word] |= bit;
        usedCount++;
        return true;
    }

    /**
     * Takes clusters that are known to be in use, from {@code clusters[from]} on, up to one that is not of this set or was
     * taken before.
     *
     * @param firstCluster number in the pool of this set's first
     * @return index behind the last that was taken
     */
    int take(long[] clusters, int from, int to, long firstCluster) {
        int at = from;
        for (; at < to; at++) {
            long cluster = clusters[at] - firstCluster;
            if (cluster < 0 || cluster >= clusterCount) {
                break;
            }
            long before = used[(int) (cluster >>> 6)];
            long after = before | 1L << cluster;
            if (after == before) {
                break;
            }
            used[(int) (cluster >>> 6)] = after;
        }
        usedCount += at - from;
        return at;
    }

    /** Takes the next free cluster behind the last one taken. @return -1 when there is none */
    long allocate() {
        if (usedCount == clusterCount) {
            return -1;
        }
        int word = cursor;
        while (used[word] == -1L) {
            word = word + 1 == used.length ? 0 : word + 1;
        }
        cursor = word;
        int bit = Long.numberOfTrailingZeros(~used[word]);
        used[word] |= 1L << bit;
        usedCount++;
        long[] marks = summed;
        if (marks != null) {
            // Whose it is now need not have checksums.
            marks[word] &= ~(1L << bit);
        }
        return ((long) word << 6) + bit;
    }

    void release(long cluster) {
        int word = (int) (cluster >>> 6);
        long bit = 1L << cluster;
        if ((used[word] & bit) == 0) {
            throw new IllegalStateException("cluster %d is released twice".formatted(cluster));
        }
        used[word] &= ~bit;
        usedCount--;
    }

    /** Checksums of the cluster count, until it is another's. */
    void markSummed(long cluster) {
        long[] marks = summed;
        if (marks == null) {
            marks = new long[used.length];
            summed = marks;
        }
        marks[(int) (cluster >>> 6)] |= 1L << cluster;
    }

    /** False when nothing is known of the cluster's checksums. */
    boolean summed(long cluster) {
        long[] marks = summed;
        return marks != null && (marks[(int) (cluster >>> 6)] >>> cluster & 1) != 0;
    }

    void forgetSummed() {
        summed = null;
    }

    /** Forgets everything, so that what is in use can be counted anew. */
    void clear() {
        Arrays.fill(used, 0);
        usedCount = 0;
        int tail = (int) (clusterCount & 63);
        if (tail != 0) {
            used[used.length - 1] = -1L << tail;
        }
    }
}
