package io.vnvme.pool;

import io.vnvme.pool.format.MapPage;
import io.vnvme.pool.mirror.MirrorSet;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads everything that the pool refers to, while it is in use: pages of maps and directories, and the written blocks of all
 * volumes and snapshots, on each drive of a mirror, against their checksums and against each other. What one drive of a mirror has
 * wrong is written anew from one that has it right; what none has right is counted, and said whose it is. At the end a checkpoint
 * writes the catalog and the superblocks anew, and those pages that were wrong.
 */
public final class Scrub {
    /** Clusters and pages looked at at the same time: few, so that guests hardly notice. */
    private static final int LOOKS_MAX = 4;

    private static final int SLICE = 512;
    /** Most findings that are kept; more are counted. */
    private static final int FINDINGS_MAX = 100;

    /** Told how far it is. */
    @FunctionalInterface
    public interface Progress {
        void progress(long doneClusters, long totalClusters);
    }

    /**
     * What a scrub came to.
     *
     * @param repaired blocks and pages that a drive of a mirror had wrong and another one right
     * @param errors what no drive has right, or nothing says which is
     * @param findings a line for each error, at most 100
     */
    public record Report(long clustersRead, long pagesRead, long repaired, long errors, List<String> findings) {}

    /** Told of the end. */
    @FunctionalInterface
    public interface Ended {
        void ended(Report report, boolean complete);
    }

    /**
     * How far a scrub was: all that comes before is checked, and what was to be repaired there is.
     *
     * @param layer id of the layer that it was at
     * @param page map pages of that layer that were checked
     * @param part pages of its directory that were
     * @param index clusters of it that were
     * @param report what it had come to
     */
    public record Mark(int layer, int page, int part, long index, Report report) {}

    private final Pool pool;
    private final Progress progress;
    private final Ended done;
    /** Lower ones first: a cluster that moves up while a scrub goes on was seen below, or will be seen above. */
    private final List<Layer> layers = new ArrayList<>();

    private final List<String> findings = new ArrayList<>();
    /** What the next look is made with; all are here when none is under way. */
    private final ArrayDeque<EachReplica> spare = new ArrayDeque<>();
    /** Looks that go on in the next pass. */
    private final ArrayDeque<Runnable> again = new ArrayDeque<>();

    private final long total;
    private int layerCursor;
    private long index;
    private int page;
    private int part;
    private long clustersRead;
    private long pagesRead;
    private long repaired;
    private long errors;
    private boolean checkpointAsked;
    private boolean checkpointMade;
    /** Pages are to be written anew that no checkpoint has written yet. */
    private boolean rewriting;

    private boolean rewriteAsked;
    private boolean cancelled;
    private boolean ended;
    private @Nullable Consumer<Mark> marking;

    /** @param from where an earlier one was; empty: at the beginning */
    Scrub(Pool pool, Optional<Mark> from, Progress progress, Ended done) {
        this.pool = pool;
        this.progress = progress;
        this.done = done;
        total = pool.layers().all().stream()
                .mapToLong(layer -> layer.map().clusterCount())
                .sum();
        addLayers(from.map(mark -> mark.layer() - 1).orElse(-1));
        from.ifPresent(this::goOn);
        for (int i = 0; i < LOOKS_MAX; i++) {
            spare.add(new EachReplica(pool));
        }
    }

    /** Those that have come since the one of that id; what moved to them may have been seen by nobody. */
    private void addLayers(int since) {
        pool.layers().all().stream()
                .filter(layer -> layer.id() > since)
                .sorted(Comparator.comparingInt(Layer::id))
                .forEach(layers::add);
    }

    private void goOn(Mark mark) {
        // The layer may have been removed since: the next one is begun at its beginning then.
        if (!layers.isEmpty() && layers.getFirst().id() == mark.layer()) {
            page = mark.page();
            part = mark.part();
            index = mark.index();
        }
        Report before = mark.report();
        clustersRead = before.clustersRead();
        pagesRead = before.pagesRead();
        repaired = before.repaired();
        errors = before.errors();
        findings.addAll(before.findings());
    }

    /**
     * Asks from where another one can go on. Nothing new is looked at until what is under way is over, for then all that lies
     * before is checked.
     *
     * @param told called once, unless it ends before
     */
    public void mark(Consumer<Mark> told) {
        marking = told;
    }

    /** Ends it early. */
    public void cancel() {
        cancelled = true;
    }

    boolean ended() {
        return ended;
    }

    /** Nothing more is looked at: it was cancelled, or the pool is about to be used no more. */
    boolean interrupted() {
        return cancelled || pool.stopped() || pool.closing();
    }

    /** Goes on. @return how much was done */
    int poll() {
        if (ended) {
            return 0;
        }
        for (int count = again.size(); count > 0; count--) {
            again.remove().run();
        }
        boolean complete = layerCursor == layers.size();
        if (complete || interrupted()) {
            if (spare.size() == LOOKS_MAX && (interrupted() || !repairing() && checkpointMade())) {
                ended = true;
                done.ended(report(), complete && checkpointMade);
            }
            return 0;
        }
        if (!marked()) {
            return 0;
        }
        int work = 0;
        while (work < SLICE && !spare.isEmpty() && layerCursor < layers.size()) {
            work++;
            step(layers.get(layerCursor));
        }
        return spare.isEmpty() ? 0 : work;
    }

    /** @return false while somebody has to wait for a mark */
    private boolean marked() {
        Consumer<Mark> told = marking;
        if (told == null) {
            return true;
        }
        if (spare.size() < LOOKS_MAX || repairing() || !rewritten()) {
            return false;
        }
        marking = null;
        told.accept(new Mark(layers.get(layerCursor).id(), page, part, index, report()));
        return true;
    }

    private Report report() {
        return new Report(clustersRead, pagesRead, repaired, errors, List.copyOf(findings));
    }

    /** What is reported as repaired has been. */
    private boolean repairing() {
        for (PoolSet set : pool.sets().present()) {
            if (set.drive() instanceof MirrorSet mirror && mirror.maintenance().repairing()) {
                return true;
            }
        }
        return false;
    }

    /** A mark promises that pages before it were written anew: one that goes on would not look at them again. */
    private boolean rewritten() {
        if (rewriting && !rewriteAsked) {
            rewriteAsked = true;
            pool.checkpoint().request(false, failure -> {
                rewriteAsked = false;
                rewriting = failure != null;
            });
        }
        return !rewriting;
    }

    private boolean checkpointMade() {
        if (!checkpointAsked) {
            checkpointAsked = true;
            pool.checkpoint().request(false, failure -> checkpointMade = failure == null);
        }
        return checkpointMade;
    }

    private void step(Layer layer) {
        PageDirectory directory = layer.map().directory();
        boolean present = pool.layers().has(layer);
        if (present && page < directory.length() << MapPage.REFERENCES_SHIFT) {
            page(layer, directory, page++);
            return;
        }
        if (present && part < directory.length()) {
            directory(layer, directory, part++);
            return;
        }
        index = present ? layer.map().next(index) : Long.MAX_VALUE;
        if (index == Long.MAX_VALUE) {
            layerCursor++;
            index = 0;
            page = 0;
            part = 0;
            if (layerCursor == layers.size()) {
                addLayers(layers.getLast().id());
            }
            return;
        }
        long entry = layer.map().entry(index);
        if (Entry.mapped(entry) && Entry.written(entry) != 0) {
            cluster(layer, index);
        }
        index++;
    }

    private void page(Layer layer, PageDirectory directory, int number) {
        if (directory.page(number) != 0) {
            pagesRead++;
            ScrubbedPage.ofMap(this, pool, spare.remove(), layer, number).start();
        }
    }

    private void directory(Layer layer, PageDirectory directory, int number) {
        if (directory.ownPage(number) != 0) {
            pagesRead++;
            ScrubbedPage.ofDirectory(this, pool, spare.remove(), layer, number).start();
        }
    }

    private void cluster(Layer layer, long at) {
        clustersRead++;
        new ScrubbedCluster(this, pool, spare.remove(), layer, at).start();
        if ((clustersRead & 255) == 0) {
            progress.progress(Math.min(clustersRead, total), total);
        }
    }

    // ---- what the looks tell

    static String name(Layer layer) {
        return layer.hidden() ? "a hidden layer" : layer.record().name();
    }

    void found(String finding) {
        errors++;
        if (findings.size() < FINDINGS_MAX) {
            findings.add(finding);
        }
    }

    void repaired() {
        repaired++;
    }

    /** The next checkpoint writes a page. */
    void rewrites() {
        rewriting = true;
    }

    /** The look goes on in the next pass. */
    void again(Runnable look) {
        again.add(look);
    }

    /** A look is over. */
    void looked(EachReplica copies) {
        spare.add(copies);
    }
}
