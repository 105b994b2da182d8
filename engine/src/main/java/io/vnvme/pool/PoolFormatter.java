package io.vnvme.pool;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.PoolException.Reason;
import io.vnvme.pool.format.Catalog;
import io.vnvme.pool.format.Checksum;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.Layout;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.format.RecordWriter;
import io.vnvme.pool.format.Root;
import io.vnvme.pool.format.SetRecord;
import io.vnvme.pool.format.Superblock;
import io.vnvme.pool.mirror.MirrorException;
import io.vnvme.pool.mirror.MirrorImage;
import io.vnvme.pool.mirror.MirrorLoader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Writes what makes a drive one of ours, and drives a pool. Blocking: for a thread beside the data path. */
public final class PoolFormatter {
    /** Fewest clusters that a set needs: metadata of a small pool, and some data. */
    private static final long CLUSTERS_MIN = 16;

    /** A drive as it is to be written down. */
    public record Labelled(BlockingDrive drive, UUID identity, String name) {}

    private PoolFormatter() {}

    /** Makes a drive a claimed one that is in no pool, and in no mirror. */
    public static void claim(Labelled drive) {
        try {
            MirrorLoader.forget(drive.drive());
        } catch (MirrorException e) {
            throw new PoolException(Reason.DRIVE_FAILED, e.line(), e);
        }
        Superblock superblock =
                new Superblock(1, drive.identity(), drive.name(), drive.drive().sizeBytes(), Optional.empty());
        write(drive.drive(), superblock);
    }

    /** Takes away what makes a drive one of ours. */
    public static void erase(BlockingDrive drive) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment zeros = arena.allocate(Superblock.SIZE, Superblock.SIZE);
            require(drive, drive.write(Geometry.secondSuperblock(drive.sizeBytes()), zeros));
            require(drive, drive.write(0, zeros));
            require(drive, drive.flush());
        }
    }

    private static void write(BlockingDrive drive, Superblock superblock) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(Superblock.SIZE, Superblock.SIZE);
            superblock.encode(block);
            require(drive, drive.write(0, block));
            require(drive, drive.flush());
            require(drive, drive.write(Geometry.secondSuperblock(drive.sizeBytes()), block));
            require(drive, drive.flush());
        }
    }

    private static void require(BlockingDrive drive, int status) {
        if (status != IoStatus.OK) {
            throw new PoolException(Reason.DRIVE_FAILED, "drive %s cannot be written".formatted(drive.name()));
        }
    }

    /**
     * Makes an empty pool of claimed drives; what they hold is lost.
     *
     * @param journalBytes 0: what suits the drives
     * @param sets the drives of each set: several for a mirror, else one
     * @throws PoolException BAD_SIZE when a drive is too small, DRIVE_FAILED when one cannot be written
     */
    public static void create(String name, UUID pool, Layout layout, long journalBytes, List<List<Labelled>> sets) {
        long smallest = sets.stream()
                .flatMap(List::stream)
                .mapToLong(labelled -> labelled.drive().sizeBytes())
                .min()
                .orElseThrow();
        long journal = journalBytes == 0 ? Geometry.journalBytes(smallest) : journalBytes;
        List<SetRecord> records = new ArrayList<>();
        List<MemberRecord> members = new ArrayList<>();
        long firstCluster = 0;
        for (int i = 0; i < sets.size(); i++) {
            SetRecord record = record(sets.get(i), firstCluster, journal);
            records.add(record);
            firstCluster = nextFirstCluster(records);
            for (int replica = 0; replica < sets.get(i).size(); replica++) {
                members.add(
                        new MemberRecord(sets.get(i).get(replica).identity(), i, replica, MemberRecord.State.CURRENT));
            }
        }
        PoolConfig config = new PoolConfig(pool, name, layout, journal, records, members);
        sets.forEach(PoolFormatter::mirror);
        Root root = writeCatalog(config, sets.getFirst());
        sets.forEach(set -> set.forEach(labelled -> write(
                labelled.drive(),
                new Superblock(
                        1,
                        labelled.identity(),
                        labelled.name(),
                        labelled.drive().sizeBytes(),
                        Optional.of(new Superblock.InPool(config, root))))));
    }

    /**
     * Makes drives a mirror that can join a pool by growing it.
     *
     * @throws PoolException UNSUITABLE when they cannot be one
     */
    public static MirrorImage newMirror(List<Labelled> drives) {
        mirror(drives);
        return MirrorLoader.load(
                drives.stream().map(labelled -> Optional.of(labelled.drive())).toList());
    }

    /** Makes a set of several drives a mirror. */
    static void mirror(List<Labelled> drives) {
        if (drives.size() > 1) {
            try {
                MirrorLoader.create(
                        UUID.randomUUID(), drives.stream().map(Labelled::drive).toList());
            } catch (MirrorException e) {
                throw new PoolException(Reason.UNSUITABLE, e.line(), e);
            }
        }
    }

    /** What a set of these drives is in a pool, as large as its smallest drive allows. */
    static SetRecord record(List<Labelled> drives, long firstCluster, long journalBytes) {
        long size = drives.stream()
                .mapToLong(labelled -> labelled.drive().sizeBytes())
                .min()
                .orElseThrow();
        return record(size, firstCluster, journalBytes);
    }

    static SetRecord record(long sizeBytes, long firstCluster, long journalBytes) {
        long clusters = Geometry.clusterCount(sizeBytes, journalBytes);
        if (clusters < CLUSTERS_MIN) {
            throw new PoolException(
                    Reason.BAD_SIZE,
                    "a drive of %d bytes is too small: a pool needs %d"
                            .formatted(sizeBytes, journalBytes + (CLUSTERS_MIN + 4) * Geometry.CLUSTER_BYTES));
        }
        if (firstCluster + clusters > Geometry.CLUSTERS_MAX) {
            throw new PoolException(Reason.BAD_SIZE, "a pool has at most 256 TiB");
        }
        return new SetRecord(firstCluster, clusters, Geometry.dataOffset(clusters, journalBytes), false);
    }

    /** Where the numbers of a further set can begin. */
    static long nextFirstCluster(List<SetRecord> sets) {
        long end = sets.stream()
                .mapToLong(set -> set.firstCluster() + set.clusterCount())
                .max()
                .orElse(0);
        long alignment = 1L << Geometry.SET_ALIGNMENT_SHIFT;
        return (end + alignment - 1) & -alignment;
    }

    private static Root writeCatalog(PoolConfig config, List<Labelled> set) {
        RecordWriter out = new RecordWriter(Geometry.BLOCK_BYTES);
        new Catalog(1, List.of(), List.of()).write(out);
        long length = out.length();
        int checksum = Checksum.of(out.memory(), 0, length);
        out.pad(Geometry.BLOCK_BYTES);
        for (Labelled labelled : set) {
            require(
                    labelled.drive(),
                    labelled.drive()
                            .write(
                                    config.sets().getFirst().dataOffsetBytes(),
                                    out.memory().asSlice(0, out.length())));
            require(labelled.drive(), labelled.drive().flush());
        }
        return new Root(0, 0, 0, 0, true, length, checksum, new int[] {0});
    }
}
