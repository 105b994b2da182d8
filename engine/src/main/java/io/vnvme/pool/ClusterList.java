package io.vnvme.pool;

import java.util.Arrays;

/** Cluster numbers in a row. */
final class ClusterList {
    private int[] clusters = new int[16];
    private int size;

    void add(long cluster) {
        if (size == clusters.length) {
            clusters = Arrays.copyOf(clusters, size * 2);
        }
        clusters[size++] = (int) cluster;
    }

    int size() {
        return size;
    }

    long get(int index) {
        return Integer.toUnsignedLong(clusters[index]);
    }
}
