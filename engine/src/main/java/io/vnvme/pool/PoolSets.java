package io.vnvme.pool;

import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.SetRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The sets of a pool by index, and by the clusters that they have. */
final class PoolSets {
    private final List<@Nullable PoolSet> sets = new ArrayList<>();
    private List<PoolSet> present = List.of();
    private PoolSet[] byGigabyte = new PoolSet[0];
    /** The only set there is, when it is numbered from 0: what most pools are. */
    private @Nullable PoolSet only;

    void add(PoolSet set) {
        while (sets.size() <= set.index()) {
            sets.add(null);
        }
        sets.set(set.index(), set);
        index();
    }

    void remove(int index) {
        sets.set(index, null);
        index();
    }

    private void index() {
        List<PoolSet> present = new ArrayList<>();
        for (PoolSet set : sets) {
            if (set != null) {
                present.add(set);
            }
        }
        this.present = List.copyOf(present);
        long end = present.stream()
                .mapToLong(set -> set.record().firstCluster() + set.record().clusterCount())
                .max()
                .orElse(0);
        int size = (int) ((end + (1 << Geometry.SET_ALIGNMENT_SHIFT) - 1) >>> Geometry.SET_ALIGNMENT_SHIFT);
        PoolSet[] table = new PoolSet[size];
        for (PoolSet set : present) {
            SetRecord record = set.record();
            int from = (int) (record.firstCluster() >>> Geometry.SET_ALIGNMENT_SHIFT);
            int to = (int) ((record.firstCluster() + record.clusterCount() - 1) >>> Geometry.SET_ALIGNMENT_SHIFT);
            Arrays.fill(table, from, to + 1, set);
        }
        byGigabyte = table;
        only = present.size() == 1 && present.getFirst().record().firstCluster() == 0 ? present.getFirst() : null;
    }

    /** All sets that are there, by rising index. */
    List<PoolSet> present() {
        return present;
    }

    /** True when all work on all of them ends inside its submission. */
    boolean synchronous() {
        for (PoolSet set : present) {
            if (!set.drive().synchronous()) {
                return false;
            }
        }
        return true;
    }

    /** The set of this index. */
    PoolSet get(int index) {
        PoolSet set = sets.get(index);
        if (set == null) {
            throw new IllegalStateException("set %d is not there".formatted(index));
        }
        return set;
    }

    /** Sets ever known, those that were taken out included. */
    int indexCount() {
        return sets.size();
    }

    /** The set that has a cluster. */
    PoolSet of(long cluster) {
        PoolSet set = only;
        return set != null ? set : byGigabyte[(int) (cluster >>> Geometry.SET_ALIGNMENT_SHIFT)];
    }
}
