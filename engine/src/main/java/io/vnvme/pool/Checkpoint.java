package io.vnvme.pool;

import io.vnvme.drive.IoStatus;
import io.vnvme.pool.MetadataPages.Retired;
import io.vnvme.pool.format.Catalog;
import io.vnvme.pool.format.Checksum;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.format.RecordWriter;
import io.vnvme.pool.format.Root;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes what changed about the maps to new places, and commits to it by superblocks: the journal before it is needed no
 * more. I/O goes on meanwhile.
 *
 * <p>Pages are written one after the other while the maps go on changing, so together they are of no single moment.
 * That does no harm: the journal is replayed from where it stood before the first page, every record in it is a value
 * and not a change, and the superblock is written only when the journal is durable up to behind the last page.
 */
final class Checkpoint {
    private enum Step {
        IDLE,
        /** Drives that are new to the pool are told so. */
        WELCOME,
        PAGES,
        DIRECTORIES,
        CATALOG,
        COMMIT,
        /** The journal is taken to another set. */
        MOVE,
        SUPERBLOCKS
    }

    /** Pages put in one pass: what keeps the pass short. */
    private static final int PAGES_PER_PASS = 64;

    private final Pool pool;
    private final CheckpointWriter writer;
    private final SuperblockWriter superblocks;
    private final List<Done> waiting = new ArrayList<>();
    private final List<Done> served = new ArrayList<>();
    private Step step = Step.IDLE;
    private boolean cleanWanted;
    private boolean clean;
    private long journalStart;
    private long journalSequence;
    private List<Layer> layers = List.of();
    private int layerCursor;
    private int pageCursor;
    private int[] catalogClusters;
    private Root root;
    private Root lastRoot;
    private @Nullable Runnable welcome;
    private Retired retired = new Retired(List.of(), List.of());
    private long count;
    private long catalogChanges;

    Checkpoint(Pool pool, Root lastRoot, Set<UUID> newestAtStart) {
        this.pool = pool;
        this.writer = new CheckpointWriter(pool);
        this.superblocks = new SuperblockWriter(pool, newestAtStart);
        this.root = lastRoot;
        this.lastRoot = lastRoot;
        this.catalogClusters = lastRoot.catalogClusters();
    }

    /** Length of the last catalog. */
    long catalogBytes() {
        return root.catalogBytes();
    }

    /** Changes about layers that the last catalog has. */
    long catalogChanges() {
        return catalogChanges;
    }

    /** Checkpoints made. */
    long count() {
        return count;
    }

    boolean idle() {
        return step == Step.IDLE && waiting.isEmpty();
    }

    /** Asks for a checkpoint that begins from now on; with {@code last}, nothing will be written after it. */
    void request(boolean last, Done done) {
        cleanWanted |= last;
        waiting.add(done);
    }

    /**
     * Before the next checkpoint begins, writes superblocks of a new configuration to these drives alone, which refer to
     * the checkpoint that is there.
     *
     * @param config asked for when they are written: what else changes until then is in it
     */
    void beforeNext(List<PoolMember> newMembers, Supplier<PoolConfig> config, Done written) {
        welcome = () -> superblocks.write(lastRoot, newMembers, config.get(), written);
    }

    private int welcome(Runnable action) {
        welcome = null;
        step = Step.WELCOME;
        action.run();
        return 1;
    }

    /** Goes on. @return how much was done */
    int poll() {
        if (step == Step.IDLE && waiting.isEmpty()) {
            return 0;
        }
        if (pool.stopped()) {
            fail("the pool has stopped");
            return 1;
        }
        if (writer.failed()) {
            pool.stop("a page of the pool's metadata could not be written");
            return 1;
        }
        return switch (step) {
            case IDLE -> begin();
            case PAGES -> pages();
            case DIRECTORIES -> directories();
            case CATALOG -> writer.idle() ? commit() : 0;
            case WELCOME, SUPERBLOCKS -> superblocks();
            case COMMIT, MOVE -> 0;
        };
    }

    private int superblocks() {
        superblocks.poll();
        return step == Step.WELCOME && superblocks.idle() ? start() : 0;
    }

    /** Whether a drive has a superblock of the newest checkpoint. */
    boolean reached(UUID drive) {
        return superblocks.upToDate(drive);
    }

    /** The drive was away: what superblock it has is not known. */
    void left(UUID drive) {
        superblocks.left(drive);
    }

    private int begin() {
        Runnable action = welcome;
        return action == null ? start() : welcome(action);
    }

    private int start() {
        served.addAll(waiting);
        waiting.clear();
        clean = cleanWanted;
        cleanWanted = false;
        Journal journal = pool.journal();
        journalStart = journal.head();
        journalSequence = journal.sequence();
        layers = List.copyOf(pool.layers().all());
        layerCursor = 0;
        pageCursor = 0;
        step = Step.PAGES;
        return 1;
    }

    private int pages() {
        for (int put = 0; put < PAGES_PER_PASS && writer.ready(); ) {
            if (layerCursor == layers.size()) {
                writer.flush();
                layerCursor = 0;
                pageCursor = 0;
                step = Step.DIRECTORIES;
                return 1;
            }
            Layer layer = layers.get(layerCursor);
            int page = live(layer) ? layer.map().changedPages().nextSetBit(pageCursor) : -1;
            if (page < 0) {
                layerCursor++;
                pageCursor = 0;
                continue;
            }
            pageCursor = page + 1;
            put++;
            putPage(layer, page);
            if (writer.failed()) {
                return 1;
            }
        }
        return writer.ready() ? 1 : 0;
    }

    private boolean live(Layer layer) {
        return pool.layers().byId(layer.id()) == layer;
    }

    private void putPage(Layer layer, int page) {
        PageDirectory directory = layer.map().directory();
        CheckpointWriter.Placed placed = writer.put((target, at) -> layer.map().serialize(page, target, at));
        long old = directory.page(page);
        if (old == 0 && placed.numberPlusOne() == 0) {
            return;
        }
        if (old != 0) {
            pool.pages().retire(old - 1);
        }
        directory.set(page, placed.numberPlusOne(), placed.checksum());
    }

    private int directories() {
        for (int put = 0; put < PAGES_PER_PASS && writer.ready(); ) {
            if (layerCursor == layers.size()) {
                writer.flush();
                return catalog();
            }
            Layer layer = layers.get(layerCursor);
            int part = live(layer) ? layer.map().directory().changed().nextSetBit(pageCursor) : -1;
            if (part < 0) {
                layerCursor++;
                pageCursor = 0;
                continue;
            }
            pageCursor = part + 1;
            put++;
            putDirectory(layer.map().directory(), part);
            if (writer.failed()) {
                return 1;
            }
        }
        return writer.ready() ? 1 : 0;
    }

    private void putDirectory(PageDirectory directory, int part) {
        CheckpointWriter.Placed placed = writer.put((target, at) -> directory.serialize(part, target, at));
        long old = directory.ownPage(part);
        if (old != 0) {
            pool.pages().retire(old - 1);
        }
        directory.setOwn(part, placed.numberPlusOne(), placed.checksum());
    }

    private int catalog() {
        RecordWriter out = new RecordWriter(Geometry.BLOCK_BYTES);
        catalogChanges = pool.catalogChanges();
        catalogNow().write(out);
        long length = out.length();
        int checksum = Checksum.of(out.memory(), 0, length);
        out.pad(Geometry.BLOCK_BYTES);
        int clusters = (int) ((length + Geometry.CLUSTER_BYTES - 1) >>> Geometry.CLUSTER_SHIFT);
        if (clusters > Root.CATALOG_CLUSTERS_MAX) {
            pool.stop("the pool has more snapshots than its catalog holds");
            return 1;
        }
        for (int cluster : catalogClusters) {
            pool.pages().retireCluster(Integer.toUnsignedLong(cluster));
        }
        int[] places = new int[clusters];
        for (int i = 0; i < clusters; i++) {
            long from = (long) i << Geometry.CLUSTER_SHIFT;
            long part = Math.min(Geometry.CLUSTER_BYTES, out.length() - from);
            long cluster = pool.pages().allocateCluster(part);
            if (cluster < 0) {
                pool.stop("there is no space for the pool's catalog");
                return 1;
            }
            places[i] = (int) cluster;
            writer.write(cluster, 0, out.memory().asSlice(from, part), part);
        }
        // What is retired from here on is still referred to by this catalog.
        retired = pool.pages().takeRetired();
        pool.pages().closeOpen();
        catalogClusters = places;
        root = new Root(
                pool.journal().epoch(),
                pool.journalSet().index(),
                journalStart,
                journalSequence,
                clean,
                length,
                checksum,
                places);
        step = Step.CATALOG;
        return 1;
    }

    private Catalog catalogNow() {
        List<Catalog.Layer> all = new ArrayList<>();
        for (Layer layer : pool.layers().all()) {
            PageDirectory directory = layer.map().directory();
            List<Catalog.DirectoryPage> parts = new ArrayList<>();
            for (int part = 0; part < directory.length(); part++) {
                if (directory.ownPage(part) != 0) {
                    parts.add(
                            new Catalog.DirectoryPage(part, directory.ownChecksum(part), directory.ownPage(part) - 1));
                }
            }
            all.add(new Catalog.Layer(layer.record(), parts));
        }
        return new Catalog(pool.layers().nextId(), all, pool.notes().all());
    }

    private int commit() {
        step = Step.COMMIT;
        pool.commit().requestForCheckpoint(status -> {
            if (status != IoStatus.OK) {
                fail("the journal could not be written");
            } else if (pool.nextJournalSet() == pool.journalSet()) {
                writeSuperblocks(root);
            } else {
                moveJournal();
            }
        });
        return 1;
    }

    /** No frame may be added behind those that are copied: commits wait until the superblocks are written. */
    private void moveJournal() {
        step = Step.MOVE;
        pool.commit().pause();
        PoolSet to = pool.nextJournalSet();
        new JournalMove(
                        pool.journalSet(),
                        to,
                        pool.config().journalBytes(),
                        journalStart,
                        pool.journal().head(),
                        failure -> {
                            if (failure == null) {
                                writeSuperblocks(root.onJournalSet(to.index()));
                            } else {
                                pool.stop(String.valueOf(failure.getMessage()));
                            }
                        })
                .start();
    }

    private void writeSuperblocks(Root newRoot) {
        step = Step.SUPERBLOCKS;
        root = newRoot;
        superblocks.write(newRoot, pool.members(), pool.config(), this::superblocksWritten);
    }

    private void superblocksWritten(@Nullable PoolException failure) {
        if (step != Step.SUPERBLOCKS) {
            return;
        }
        if (failure != null) {
            pool.stop(String.valueOf(failure.getMessage()));
            fail(String.valueOf(failure.getMessage()));
            return;
        }
        step = Step.IDLE;
        count++;
        lastRoot = root;
        pool.journalMoved(root.journalSet());
        pool.pages().release(retired);
        pool.journal().trim(journalStart);
        pool.commit().open();
        pool.spaceFreed();
        List<Done> told = List.copyOf(served);
        served.clear();
        told.forEach(done -> done.done(null));
    }

    private void fail(String why) {
        step = Step.IDLE;
        List<Done> told = new ArrayList<>(served);
        told.addAll(waiting);
        served.clear();
        waiting.clear();
        told.forEach(done -> done.done(new PoolException(PoolException.Reason.STOPPED, why)));
    }
}
