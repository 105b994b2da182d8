package io.vnvme.pool;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.PoolException.Reason;
import io.vnvme.pool.format.Catalog;
import io.vnvme.pool.format.Checksum;
import io.vnvme.pool.format.FormatException;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.LayerRecord;
import io.vnvme.pool.format.MapPage;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.format.RecordReader;
import io.vnvme.pool.format.Root;
import io.vnvme.pool.format.SetRecord;
import io.vnvme.pool.mirror.MirrorImage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a pool from its drives: the checkpoint, then the journal, and from both what is in use. Changes nothing but that what
 * counts of what was found - superblock, end of the journal - is on all drives that should have it, and that mirrors
 * know which of their drives are missing. Blocking: for a thread beside the data path.
 */
public final class PoolLoader {
    /** Told of what is wrong where reading can go on: it throws when nothing wrong is accepted. */
    private final Consumer<String> problems;

    /**
     * A crash may leave the newest superblock on one drive alone, and that one may be absent now: what is written from here on is
     * newer than it.
     */
    private static final int LEAP = 2;

    /** The pool is to be used; not only looked at. */
    private final @Nullable KeptChanges kept;

    private final boolean use;

    private final PoolScan scan;
    private final PoolConfig config;
    private final Root root;
    private final List<@Nullable SetReader> readers = new ArrayList<>();
    private final LeafStore leaves;
    private final Notes notes = new Notes();
    private final ClusterSpace space;
    private final MetadataPages pages;
    /** Clusters that a leaf refers to. */
    private final long[] referred = new long[LeafStore.ENTRIES];

    private Layers layers;

    private PoolLoader(
            PoolScan scan, MapMemory memory, @Nullable KeptChanges kept, boolean use, Consumer<String> problems) {
        this.kept = kept;
        this.use = use;
        this.scan = scan;
        this.problems = problems;
        this.config = scan.config();
        leaves = new LeafStore(memory);
        layers = new Layers(leaves, 1);
        this.root = scan.root();
        this.space = new ClusterSpace(config.layout());
        this.pages = new MetadataPages(space);
    }

    /**
     * @throws PoolException DRIVE_MISSING when a set has no usable drive (the message names the missing ones), DAMAGED when
     *     what is read contradicts itself
     */
    public static PoolImage load(PoolScan scan) {
        return load(scan, MapMemory.SYSTEM);
    }

    /** The same, with the maps in memory of the caller's choice. */
    public static PoolImage load(PoolScan scan, MapMemory memory) {
        return load(scan, memory, null);
    }

    /** @param kept what another process may have left, and where from now on is kept what is not durable yet; null: nowhere */
    public static PoolImage load(PoolScan scan, MapMemory memory, @Nullable KeptChanges kept) {
        return load(scan, memory, kept, true, problem -> {
            throw new FormatException(problem);
        });
    }

    /** The same for looking only: goes on behind what is wrong where it can. What comes of it is not to be used. */
    static PoolImage check(PoolScan scan, Consumer<String> problems) {
        return load(scan, MapMemory.SYSTEM, null, false, problems);
    }

    private static PoolImage load(
            PoolScan scan, MapMemory memory, @Nullable KeptChanges kept, boolean use, Consumer<String> problems) {
        PoolLoader loader = new PoolLoader(scan, memory, kept, use, problems);
        try {
            return loader.load();
        } catch (FormatException e) {
            loader.leaves.close();
            throw new PoolException(
                    Reason.DAMAGED, "pool %s: %s".formatted(scan.config().name(), e.getMessage()), e);
        } catch (RuntimeException | Error e) {
            loader.leaves.close();
            throw e;
        }
    }

    private PoolImage load() {
        openSets();
        loadCatalog();
        Replay replay = new Replay(layers, notes);
        JournalReader journal = new JournalReader(config, root, reader(root.journalSet()), replay);
        if (!root.clean()) {
            journal.replay();
        }
        long newestEpoch = journal.newestEpoch();
        List<String> findings = new ArrayList<>(scan.findings());
        if (kept != null && !kept.load(config.pool(), root.epoch(), newestEpoch + 1, replay)) {
            findings.add("writes that were not flushed may be lost: there was no room to keep what was changed");
        }
        checkTree();
        countMetadata();
        replay.gone().forEach(this::retirePages);
        countData();
        if (use && scan.mirrors().values().stream().anyMatch(MirrorImage::doubtful)) {
            markSummed();
        }
        long generation = scan.generation() + (use && scan.mayLackNewest() ? LEAP : 0);
        FoundSuperblocks superblocks = new FoundSuperblocks(scan, generation);
        if (use) {
            keep(superblocks, journal);
        }
        if (kept != null) {
            layers.keepIn(kept);
        }
        return new PoolImage(
                config,
                root,
                generation,
                layers,
                notes,
                space,
                pages,
                journal.end(),
                journal.nextSequence(),
                findings,
                newestEpoch,
                superblocks.newestAtStart());
    }

    /**
     * What was found may lie in a drive's cache alone, or on some drives of a mirror: nothing may be built on it that a power
     * cut would take, or the loss of a drive, or the return of one.
     *
     * <p>Superblocks come first: an absent drive that is not known to be behind must have none that counts.
     */
    private void keep(FoundSuperblocks superblocks, JournalReader journal) {
        boolean spread = superblocks.spread();
        if (spread) {
            flushAll();
        }
        scan.leaveMissing();
        if (!spread && root.clean()) {
            return;
        }
        if (!journal.spread()) {
            throw new PoolException(
                    Reason.DRIVE_FAILED, "the end of the journal could not be written to all its drives");
        }
        flushAll();
    }

    private void flushAll() {
        for (PoolScan.Found found : scan.found().values()) {
            if (found.drive().flush() != IoStatus.OK) {
                throw new PoolException(
                        Reason.DRIVE_FAILED,
                        "drive %s could not be flushed".formatted(found.drive().name()));
            }
        }
    }

    private void openSets() {
        for (int i = 0; i < config.sets().size(); i++) {
            SetRecord set = config.sets().get(i);
            List<BlockingDrive> replicas = set.clusterCount() == 0 ? List.of() : replicas(i);
            if (set.clusterCount() > 0) {
                requireRoom(i);
            }
            space.add(i, set);
            readers.add(replicas.isEmpty() ? null : new SetReader(replicas));
        }
    }

    /** The second superblock of a drive comes after all that the pool has there: it is found, and written, by that. */
    private void requireRoom(int set) {
        SetRecord record = config.sets().get(set);
        long end = record.dataOffsetBytes() + (record.clusterCount() << Geometry.CLUSTER_SHIFT);
        for (MemberRecord member : config.membersOf(set)) {
            PoolScan.Found found = scan.found().get(member.drive());
            if (found != null
                    && end > Geometry.secondSuperblock(found.superblock().driveBytes())) {
                throw new FormatException(
                        "the superblock of drive %s says that it had %d bytes, and the pool counts on more"
                                .formatted(
                                        found.drive().name(), found.superblock().driveBytes()));
            }
        }
    }

    private List<BlockingDrive> replicas(int set) {
        List<BlockingDrive> replicas = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (MemberRecord member : config.membersOf(set)) {
            PoolScan.Found found = scan.found().get(member.drive());
            if (found == null) {
                missing.add(member.drive().toString());
            } else if (member.state() == MemberRecord.State.CURRENT) {
                replicas.add(found.drive());
            }
        }
        if (replicas.isEmpty()) {
            throw new PoolException(
                    Reason.DRIVE_MISSING,
                    "pool %s: drive %s is missing".formatted(config.name(), String.join(", ", missing)));
        }
        return replicas;
    }

    private SetReader reader(int set) {
        SetReader reader = set >= 0 && set < readers.size() ? readers.get(set) : null;
        if (reader == null) {
            throw new FormatException("set %d is referred to and is not there".formatted(set));
        }
        return reader;
    }

    /** Where a cluster lies: the reader of its set, and the offset there. */
    private long offset(long cluster) {
        int set = space.indexOf(cluster);
        if (set < 0) {
            throw new FormatException("cluster %d is referred to and is not there".formatted(cluster));
        }
        return config.sets().get(set).dataOffsetBytes()
                + ((cluster - config.sets().get(set).firstCluster()) << Geometry.CLUSTER_SHIFT);
    }

    private void loadCatalog() {
        if (root.catalogBytes() == 0) {
            throw new FormatException("the superblock names no catalog");
        }
        try (Arena arena = Arena.ofConfined()) {
            long padded = (root.catalogBytes() + Geometry.BLOCK_BYTES - 1) & -Geometry.BLOCK_BYTES;
            MemorySegment memory = arena.allocate(padded, Geometry.BLOCK_BYTES);
            readCatalog(memory);
            Catalog catalog = Catalog.read(new RecordReader(memory, 0, root.catalogBytes()));
            layers = new Layers(leaves, catalog.nextLayerId());
            for (Catalog.Layer layer : catalog.layers()) {
                if (layers.byId(layer.attributes().id()) != null) {
                    throw new FormatException("layer %d is there twice"
                            .formatted(layer.attributes().id()));
                }
                layers.load(layer.attributes());
            }
            for (Catalog.Layer layer : catalog.layers()) {
                // Parents may come behind their children: now all are there.
                Layer loaded = layers.load(layer.attributes());
                loadMap(loaded, layer.directory());
            }
            catalog.notes().forEach(note -> notes.load(note.kind(), note.key(), note.value()));
        }
    }

    private void readCatalog(MemorySegment memory) {
        int replicas = reader(setOf(root.catalogClusters()[0])).replicaCount();
        for (int attempt = 0; attempt < replicas; attempt++) {
            boolean read = true;
            for (int i = 0; i < root.catalogClusters().length; i++) {
                long from = (long) i << Geometry.CLUSTER_SHIFT;
                long part = Math.min(Geometry.CLUSTER_BYTES, memory.byteSize() - from);
                long cluster = Integer.toUnsignedLong(root.catalogClusters()[i]);
                SetReader reader = reader(setOf(root.catalogClusters()[i]));
                read &= reader.read(
                        Math.min(attempt, reader.replicaCount() - 1), offset(cluster), memory.asSlice(from, part));
            }
            if (read && Checksum.of(memory, 0, root.catalogBytes()) == root.catalogChecksum()) {
                return;
            }
        }
        throw new FormatException("the catalog is damaged: its checksum does not match");
    }

    private int setOf(int cluster) {
        return space.indexOf(Integer.toUnsignedLong(cluster));
    }

    private void loadMap(Layer layer, List<Catalog.DirectoryPage> directory) {
        long pageCount = (layer.lengthClusters() + MapPage.ENTRIES - 1) >>> MapPage.ENTRIES_SHIFT;
        long partsMax = (pageCount + MapPage.REFERENCES - 1) >>> MapPage.REFERENCES_SHIFT;
        PageDirectory loaded = layer.map().directory();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(Geometry.BLOCK_BYTES, Geometry.BLOCK_BYTES);
            for (Catalog.DirectoryPage part : directory) {
                // A layer that was cut may have parts of before behind its end: they are empty, or left out below.
                if (part.index() > Math.max(partsMax, 1 << 17)) {
                    throw new FormatException("the directory of layer %d makes no sense".formatted(layer.id()));
                }
                long cluster = MapPage.cluster(part.pageNumber());
                SetReader reader = reader(space.indexOf(cluster));
                if (!reader.read(
                        offset(cluster) + MapPage.offsetInCluster(part.pageNumber()), block, part.checksum())) {
                    problems.accept("a directory page of layer %d is damaged".formatted(layer.id()));
                    continue;
                }
                loaded.load(part.index(), block, 0);
                loaded.setOwn(part.index(), part.pageNumber() + 1, part.checksum());
            }
        }
        new MapPageLoader(layer, space, config, this::reader, problems).load();
    }

    /** No layer stands on itself, and each shows through no more than there is. */
    private void checkTree() {
        for (Layer layer : layers.all()) {
            LayerRecord record = layer.record();
            Layer parent = layer.parent();
            if ((parent == null) != (record.parent() == 0)
                    || (parent != null
                            && record.overlapBytes() > parent.record().sizeBytes())
                    || (parent != null && parent.record().kind() == LayerRecord.Kind.VOLUME)) {
                problems.accept("layer %d does not stand on what it should".formatted(layer.id()));
            }
            int depth = 0;
            for (Layer below = layer; below != null; below = below.parent()) {
                if (depth++ > layers.size()) {
                    throw new FormatException("layer %d stands on itself".formatted(layer.id()));
                }
            }
        }
    }

    private void countMetadata() {
        long left = root.catalogBytes();
        for (int cluster : root.catalogClusters()) {
            long bytes = Math.clamp(left, 1, Geometry.CLUSTER_BYTES);
            left -= bytes;
            if (!pages.takeCluster(Integer.toUnsignedLong(cluster), bytes)) {
                problems.accept("the catalog lies where something else lies");
            }
        }
        for (Layer layer : layers.all()) {
            layer.map().directory().forEachPlace(number -> takePage(layer, number));
        }
    }

    /** The pages of a layer that is gone are in use until there is a checkpoint without it. */
    private void retirePages(Layer layer) {
        layer.map().directory().forEachPlace(number -> {
            takePage(layer, number);
            pages.retire(number);
        });
    }

    private void takePage(Layer layer, long number) {
        if (!pages.take(number)) {
            problems.accept("a page of layer %d lies where something else lies".formatted(layer.id()));
        }
    }

    /** Everything that a map refers to is in use, once; clusters of which no block is written are not. */
    private void countData() {
        for (Layer layer : layers.all()) {
            layer.map().forEachLeaf((first, leaf) -> countLeaf(layer, first, leaf));
        }
    }

    /** Replicas that differ after a crash can be judged by the checksums of what has some. */
    private void markSummed() {
        for (Layer layer : layers.all()) {
            if (layer.record().checksums()) {
                layer.map().forEachLeaf((_, leaf) -> {
                    for (int slot = 0; slot < LeafStore.ENTRIES; slot++) {
                        long entry = leaves.get(leaf, slot);
                        if (Entry.written(entry) != 0) {
                            space.markSummed(Entry.cluster(entry));
                        }
                    }
                });
            }
        }
    }

    private void countLeaf(Layer layer, long first, int leaf) {
        int count = 0;
        for (int slot = 0; slot < LeafStore.ENTRIES; slot++) {
            long entry = leaves.get(leaf, slot);
            if (Entry.written(entry) != 0) {
                referred[count++] = Entry.cluster(entry);
            } else if (Entry.mapped(entry)) {
                layer.map().loadChanged(first + slot, Entry.unmapped(entry));
            }
        }
        for (int at = space.take(referred, 0, count); at < count; at = space.take(referred, at + 1, count)) {
            problems.accept("layer %d refers to cluster %d, which is another's or not there"
                    .formatted(layer.id(), referred[at]));
        }
    }
}
