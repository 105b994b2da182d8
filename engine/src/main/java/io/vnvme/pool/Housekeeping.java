package io.vnvme.pool;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gives back what nobody names any more, in the background.
 *
 * <p>A hidden layer that nothing stands on is removed; one that a single layer stands on is merged into that. Both begin
 * only when everything about layers is durable: after a crash nothing may stand on it again that did not before. There
 * is no job to remember: after a start the hidden layers are what is left to do.
 */
final class Housekeeping {
    /** Entries of a corpse looked at in one pass. */
    private static final int SLICE = 2048;

    private final Pool pool;
    /** Layers that are gone: their clusters are free once that is durable, and the I/O on them has ended. */
    private final List<Layer> buried = new ArrayList<>();

    private final ArrayDeque<Layer> corpses = new ArrayDeque<>();
    private long corpseClusters;
    private @Nullable Merge merge;
    /** Layers that cannot be merged because a drive reports errors: tried again after the next start. */
    private final Set<Layer> givenUp = new HashSet<>();

    private boolean looked;
    private boolean told;

    Housekeeping(Pool pool) {
        this.pool = pool;
    }

    /** Clusters of layers that are gone, which are not free yet. */
    long corpseClusters() {
        return corpseClusters;
    }

    /** Blocks are being copied between layers. */
    boolean merging() {
        return merge != null;
    }

    boolean idle() {
        return buried.isEmpty() && corpses.isEmpty() && merge == null && looked && pool.catalogSettled();
    }

    /** Something about layers has changed, so there may be something to do. */
    void look() {
        looked = false;
    }

    /** Removes a layer that nothing stands on. The caller sees to a commit. */
    void bury(Layer layer) {
        LayerMap map = layer.map();
        PageDirectory directory = map.directory();
        for (int part = 0; part < directory.length(); part++) {
            if (directory.ownPage(part) != 0) {
                pool.pages().retire(directory.ownPage(part) - 1);
            }
        }
        retirePages(directory);
        map.forgetChanges();
        pool.layers().remove(layer);
        pool.catalogChanged();
        corpseClusters += map.clusterCount();
        buried.add(layer);
        looked = false;
        pool.commit().request(_ -> exhume(layer));
    }

    private void retirePages(PageDirectory directory) {
        directory.forEachPage(number -> pool.pages().retire(number));
    }

    private void exhume(Layer layer) {
        pool.drain().afterPresent(() -> {
            buried.remove(layer);
            corpses.add(layer);
        });
    }

    /** Goes on. @return how much was done */
    int poll() {
        if (pool.stopped()) {
            return 0;
        }
        int work = corpses.isEmpty() ? 0 : dissolve();
        Merge current = merge;
        if (current != null) {
            work += current.poll();
            if (current.ended()) {
                merge = null;
                looked = false;
                if (current.failed()) {
                    givenUp.add(current.lower());
                }
            }
        } else if (!looked && !pool.closing() && !pool.growth().relocating() && pool.catalogSettled()) {
            looked = true;
            work += choose();
        }
        tell();
        return work;
    }

    private void tell() {
        boolean busy = !idle();
        if (busy != told) {
            told = busy;
            pool.tidying(busy);
        }
    }

    private int choose() {
        for (Layer layer : List.copyOf(pool.layers().all())) {
            if (!layer.hidden() || givenUp.contains(layer)) {
                continue;
            }
            if (layer.children().isEmpty()) {
                bury(layer);
                return 1;
            }
            if (layer.children().size() == 1) {
                merge = new Merge(pool, layer, layer.children().getFirst());
                return 1;
            }
        }
        return 0;
    }

    /** Frees clusters of a layer that is gone for good: nothing on the drives refers to them. */
    private int dissolve() {
        Layer layer = corpses.getFirst();
        LayerMap map = layer.map();
        boolean any = false;
        long index = map.next(0);
        for (int looked = 0; looked < SLICE && index != Long.MAX_VALUE; looked += LeafStore.ENTRIES) {
            long first = index & -LeafStore.ENTRIES;
            for (int i = 0; i < LeafStore.ENTRIES; i++) {
                long entry = map.entry(first + i);
                if (Entry.mapped(entry)) {
                    pool.space().releaseNow(Entry.cluster(entry));
                    corpseClusters--;
                    any = true;
                }
            }
            map.dropLeaf(index);
            index = map.next(first + LeafStore.ENTRIES);
        }
        if (index == Long.MAX_VALUE) {
            corpses.remove();
        }
        if (any) {
            pool.spaceFreed();
        }
        return 1;
    }
}
