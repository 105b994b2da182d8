package io.vnvme.bench.pool;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.PoolFormatter;
import io.vnvme.pool.PoolFormatter.Labelled;
import io.vnvme.pool.PoolScan;
import io.vnvme.pool.format.Catalog;
import io.vnvme.pool.format.Checksum;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.JournalFrame;
import io.vnvme.pool.format.LayerRecord;
import io.vnvme.pool.format.Layout;
import io.vnvme.pool.format.MapPage;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.format.RecordWriter;
import io.vnvme.pool.format.Records;
import io.vnvme.pool.format.Root;
import io.vnvme.pool.format.SetRecord;
import io.vnvme.pool.format.Superblock;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * Writes a pool whose volumes are fully written, without writing their data: superblocks, catalog, maps, and a journal.
 * Volumes are named {@code v0} and up; the first takes what the others leave.
 */
final class MapGenerator {
    static final UUID POOL = new UUID(7, 7);
    private static final long EPOCH = 1;
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;
    private static final long ALL_WRITTEN = 0xffffL << 48;
    private static final long BUFFER_BYTES = 1 << 20;
    /** Part of the clusters that stays free. */
    private static final int FREE_PART = 50;

    private final List<Labelled> drives;
    private final PoolConfig config;
    private final long volumeClusters;
    private final int volumeCount;
    private final long metadataClusters;
    private final long dataClusters;
    private final long step;
    private final RecordWriter pages = new RecordWriter(BUFFER_BYTES);
    private long firstPage;
    private long nextPage;

    /**
     * Formats the drives, each a set of its own.
     *
     * @param scattered whether neighbours in a volume lie far apart; else side by side
     */
    MapGenerator(List<BlockingDrive> sets, int volumeCount, boolean scattered) {
        drives = new ArrayList<>();
        for (int i = 0; i < sets.size(); i++) {
            drives.add(new Labelled(sets.get(i), new UUID(8, i), "d" + i));
        }
        PoolFormatter.create(
                "big", POOL, Layout.CONCAT, 0, drives.stream().map(List::of).toList());
        config = PoolScan.scan(POOL, sets).config();
        long all = config.sets().stream().mapToLong(SetRecord::clusterCount).sum();
        long inUse = all - all / FREE_PART;
        long pageCount = inUse / MapPage.ENTRIES + inUse / MapPage.ENTRIES / MapPage.REFERENCES + 4L * volumeCount;
        metadataClusters = pageCount / Geometry.CLUSTER_BLOCKS + 1 + 64;
        this.volumeCount = volumeCount;
        volumeClusters = (inUse - metadataClusters) / volumeCount;
        dataClusters = volumeClusters * volumeCount;
        step = scattered ? coprime((long) (dataClusters * 0.618), dataClusters) : 1;
        // Cluster 0 and those behind it are the catalog's.
        firstPage = MapPage.number(config.sets().getFirst().firstCluster() + 64, 0);
        nextPage = firstPage;
    }

    private static long coprime(long near, long to) {
        long candidate = near | 1;
        while (gcd(candidate, to) != 1) {
            candidate += 2;
        }
        return candidate;
    }

    private static long gcd(long a, long b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    long volumeBytes() {
        return volumeClusters << Geometry.CLUSTER_SHIFT;
    }

    /** Clusters of all volumes. */
    long dataClusters() {
        return dataClusters;
    }

    /** Where on the first drive the data of a volume begins whose clusters are in order: the first volume's. */
    long dataOffset() {
        return config.sets().getFirst().dataOffsetBytes() + (metadataClusters << Geometry.CLUSTER_SHIFT);
    }

    /** Where, on a pool of one drive, the clusters begin that are free. */
    long freeOffset() {
        return dataOffset() + (dataClusters << Geometry.CLUSTER_SHIFT);
    }

    /** The entry of a volume's cluster. */
    private long entry(int volume, long index) {
        long place = (volume * volumeClusters + index) * step % dataClusters;
        long cluster = config.sets().getFirst().firstCluster() + metadataClusters + place;
        for (SetRecord set : config.sets()) {
            if (set.contains(cluster)) {
                return ALL_WRITTEN | (cluster + 1);
            }
            // What does not fit the set goes to the next one, whose numbers begin later.
            int next = config.sets().indexOf(set) + 1;
            cluster += config.sets().get(next).firstCluster() - set.firstCluster() - set.clusterCount();
        }
        throw new IllegalStateException("place %d is on no set".formatted(place));
    }

    /** @param crashed whether the pool was cut off with a full journal; else it was closed */
    void write(boolean crashed) {
        List<Catalog.Layer> layers = new ArrayList<>();
        for (int volume = 0; volume < volumeCount; volume++) {
            layers.add(new Catalog.Layer(record(volume), map(volume)));
        }
        flushPages();
        RecordWriter catalog = new RecordWriter(Geometry.CLUSTER_BYTES);
        new Catalog(volumeCount + 1, layers, List.of()).write(catalog);
        long length = catalog.length();
        int checksum = Checksum.of(catalog.memory(), 0, length);
        catalog.pad(Geometry.BLOCK_BYTES);
        int[] places = new int[(int) ((length + Geometry.CLUSTER_BYTES - 1) >>> Geometry.CLUSTER_SHIFT)];
        for (int i = 0; i < places.length; i++) {
            places[i] = i;
        }
        BlockingDrive first = drives.getFirst().drive();
        require(first.write(
                config.sets().getFirst().dataOffsetBytes(), catalog.memory().asSlice(0, catalog.length())));
        if (crashed) {
            journal();
        }
        Root root = new Root(EPOCH, 0, 0, 0, !crashed, length, checksum, places);
        for (Labelled labelled : drives) {
            superblocks(labelled, root);
        }
    }

    private static void require(int status) {
        if (status != IoStatus.OK) {
            throw new IllegalStateException("the pool's drive does not take it: " + status);
        }
    }

    private LayerRecord record(int volume) {
        return new LayerRecord(
                volume + 1,
                0,
                LayerRecord.Kind.VOLUME,
                "v" + volume,
                false,
                false,
                512,
                volumeBytes(),
                0,
                new UUID(9, volume),
                0,
                new byte[0]);
    }

    private List<Catalog.DirectoryPage> map(int volume) {
        List<Catalog.DirectoryPage> directory = new ArrayList<>();
        int pageCount = (int) ((volumeClusters + MapPage.ENTRIES - 1) >>> MapPage.ENTRIES_SHIFT);
        long[] places = new long[MapPage.REFERENCES];
        int[] checksums = new int[MapPage.REFERENCES];
        for (int from = 0; from < pageCount; from += MapPage.REFERENCES) {
            int count = Math.min(MapPage.REFERENCES, pageCount - from);
            for (int i = 0; i < count; i++) {
                long at = begin();
                long index = (long) (from + i) << MapPage.ENTRIES_SHIFT;
                for (int slot = 0; slot < MapPage.ENTRIES && index + slot < volumeClusters; slot++) {
                    pages.memory().set(U64, at + slot * 8L, entry(volume, index + slot));
                }
                checksums[i] = Checksum.of(pages.memory(), at, Geometry.BLOCK_BYTES);
                places[i] = nextPage - 1;
            }
            long at = begin();
            for (int i = 0; i < count; i++) {
                pages.memory().set(U64, at + (long) i * MapPage.REFERENCE_BYTES, places[i] + 1);
                pages.memory().set(U32, at + (long) i * MapPage.REFERENCE_BYTES + 8, checksums[i]);
            }
            directory.add(new Catalog.DirectoryPage(
                    from >>> MapPage.REFERENCES_SHIFT,
                    Checksum.of(pages.memory(), at, Geometry.BLOCK_BYTES),
                    nextPage - 1));
        }
        return directory;
    }

    /** @return where in the buffer the next page goes, all zeros */
    private long begin() {
        if (pages.length() == BUFFER_BYTES) {
            flushPages();
        }
        long at = pages.length();
        pages.skip(Geometry.BLOCK_BYTES);
        pages.memory().asSlice(at, Geometry.BLOCK_BYTES).fill((byte) 0);
        nextPage++;
        return at;
    }

    private void flushPages() {
        SetRecord set = config.sets().getFirst();
        long cluster = MapPage.cluster(firstPage);
        if (MapPage.cluster(nextPage) >= set.firstCluster() + metadataClusters) {
            throw new IllegalStateException("the maps take more than was reckoned");
        }
        long at = set.dataOffsetBytes()
                + ((cluster - set.firstCluster()) << Geometry.CLUSTER_SHIFT)
                + MapPage.offsetInCluster(firstPage);
        require(drives.getFirst().drive().write(at, pages.memory().asSlice(0, pages.length())));
        firstPage = nextPage;
        pages.clear();
    }

    /** Fills the ring with entries as they are, at places drawn evenly: all that recovery can be given to do. */
    private void journal() {
        int frameMax = JournalFrame.sizeMax(config.journalBytes());
        int perFrame = (frameMax - JournalFrame.HEADER_BYTES) / Records.ENTRY_BYTES;
        SplittableRandom random = new SplittableRandom(1);
        RecordWriter frame = new RecordWriter(frameMax);
        long sequence = 0;
        for (long position = 0; position + frameMax <= config.journalBytes(); position += frameMax) {
            frame.clear();
            frame.skip(JournalFrame.HEADER_BYTES);
            for (int i = 0; i < perFrame; i++) {
                int volume = random.nextInt(volumeCount);
                long index = random.nextLong(volumeClusters);
                Records.entry(frame, volume + 1, index, entry(volume, index));
            }
            int bytes = (int) frame.length() - JournalFrame.HEADER_BYTES;
            frame.pad(Geometry.BLOCK_BYTES);
            MemorySegment memory = frame.memory();
            JournalFrame.seal(memory, 0, bytes, true, EPOCH, sequence++, config.pool());
            require(drives.getFirst()
                    .drive()
                    .write(Geometry.JOURNAL_OFFSET + position, memory.asSlice(0, JournalFrame.size(bytes))));
        }
    }

    private void superblocks(Labelled labelled, Root root) {
        RecordWriter block = new RecordWriter(Superblock.SIZE);
        block.skip(Superblock.SIZE);
        BlockingDrive drive = labelled.drive();
        new Superblock(
                        2,
                        labelled.identity(),
                        labelled.name(),
                        drive.sizeBytes(),
                        Optional.of(new Superblock.InPool(config, root)))
                .encode(block.memory());
        require(drive.write(0, block.memory()));
        require(drive.write(Geometry.secondSuperblock(drive.sizeBytes()), block.memory()));
        require(drive.flush());
    }
}
