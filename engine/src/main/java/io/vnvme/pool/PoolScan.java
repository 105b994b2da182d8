package io.vnvme.pool;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.PoolException.Reason;
import io.vnvme.pool.format.FormatException;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.format.Root;
import io.vnvme.pool.format.Superblock;
import io.vnvme.pool.mirror.MirrorException;
import io.vnvme.pool.mirror.MirrorImage;
import io.vnvme.pool.mirror.MirrorLoader;
import io.vnvme.pool.mirror.ReplicaState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which drives of a pool are there, and what the newest of their superblocks says.
 *
 * @param config as the superblock has it, with the replicas' states as the mirrors themselves have them
 * @param found the drives that are there, by identity
 * @param mirrors the sets of several drives, by index
 */
public record PoolScan(
        PoolConfig config,
        Root root,
        long generation,
        Map<UUID, Found> found,
        List<String> findings,
        Map<Integer, MirrorImage> mirrors) {
    /**
     * A drive and its newest valid superblock.
     *
     * @param atStart true when that is the one at the start of the drive: the other one may be damaged, or older
     */
    public record Found(BlockingDrive drive, Superblock superblock, boolean atStart) {}

    /**
     * The newest valid superblock of a drive.
     *
     * @return nothing when neither of the two places has anything like a superblock
     * @throws PoolException when there is something like one, but none that can be used
     */
    public static Optional<Superblock> superblock(BlockingDrive drive) {
        return newest(drive, new ArrayList<>()).map(Found::superblock);
    }

    private static Optional<Found> newest(BlockingDrive drive, List<String> findings) {
        if (drive.sizeBytes() < 2 * Superblock.SIZE) {
            throw new PoolException(
                    Reason.DRIVE_MISSING, "drive %s has no media: %d bytes".formatted(drive.name(), drive.sizeBytes()));
        }
        List<String> wrong = new ArrayList<>();
        Optional<Superblock> first = read(drive, 0, wrong);
        // A drive may have grown since: then its second superblock is where its end was.
        long end = first.map(Superblock::driveBytes).orElse(drive.sizeBytes());
        Optional<Superblock> second = read(drive, Geometry.secondSuperblock(end), wrong);
        findings.addAll(wrong);
        if (first.isEmpty() && second.isEmpty() && !wrong.isEmpty()) {
            throw new PoolException(Reason.DAMAGED, wrong.getLast());
        }
        boolean atStart = first.isPresent()
                && (second.isEmpty() || first.get().generation() >= second.get().generation());
        return (atStart ? first : second).map(superblock -> new Found(drive, superblock, atStart));
    }

    /** Nothing when there is nothing like a superblock, or when it cannot be used, which is then said in {@code wrong}. */
    private static Optional<Superblock> read(BlockingDrive drive, long offset, List<String> wrong) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(Superblock.SIZE, Superblock.SIZE);
            if (drive.read(offset, block) != IoStatus.OK) {
                wrong.add("drive %s: the superblock at byte %d cannot be read".formatted(drive.name(), offset));
                return Optional.empty();
            }
            if (!Superblock.recognized(block)) {
                return Optional.empty();
            }
            Superblock superblock = Superblock.decode(block);
            if (superblock.driveBytes() > drive.sizeBytes()) {
                throw new FormatException("the drive has %d bytes, and its superblock counts on %d"
                        .formatted(drive.sizeBytes(), superblock.driveBytes()));
            }
            if (offset != 0 && Geometry.secondSuperblock(superblock.driveBytes()) != offset) {
                throw new FormatException("a superblock that belongs to byte %d"
                        .formatted(Geometry.secondSuperblock(superblock.driveBytes())));
            }
            return Optional.of(superblock);
        } catch (FormatException e) {
            wrong.add("drive %s, byte %d: %s".formatted(drive.name(), offset, e.getMessage()));
            return Optional.empty();
        }
    }

    /**
     * Looks at the drives of one pool.
     *
     * @param drives any drives; those of other pools and of none are passed over
     * @throws PoolException when no drive of the pool is there, or what they say cannot be used
     */
    public static PoolScan scan(UUID pool, List<BlockingDrive> drives) {
        List<String> findings = new ArrayList<>();
        Map<UUID, Found> found = new HashMap<>();
        @Nullable Superblock newest = null;
        @Nullable PoolException unusable = null;
        for (BlockingDrive drive : drives) {
            Optional<Found> there;
            try {
                there = newest(drive, findings);
            } catch (PoolException e) {
                // A pool that can do without the drive does.
                unusable = e;
                continue;
            }
            if (there.isEmpty()
                    || there.get().superblock().pool().isEmpty()
                    || !there.get().superblock().pool().get().config().pool().equals(pool)) {
                continue;
            }
            Superblock its = there.get().superblock();
            Found before = found.put(its.drive(), there.get());
            if (before != null) {
                throw new PoolException(
                        Reason.DAMAGED,
                        "drives %s and %s have the same identity: one is a copy of the other; take it away"
                                .formatted(before.drive().name(), drive.name()));
            }
            if (newest == null || its.generation() > newest.generation()) {
                newest = its;
            }
        }
        if (unusable != null && (newest == null || lacksSet(newest, found))) {
            throw unusable;
        }
        if (newest == null) {
            throw new PoolException(Reason.DRIVE_MISSING, "no drive of pool %s is there".formatted(pool));
        }
        Superblock.InPool inPool = newest.pool().orElseThrow();
        Map<Integer, MirrorImage> mirrors = new HashMap<>();
        PoolConfig config = withMirrors(inPool.config(), found, mirrors);
        return new PoolScan(
                config, inPool.root(), newest.generation(), Map.copyOf(found), findings, Map.copyOf(mirrors));
    }

    private static boolean lacksSet(Superblock newest, Map<UUID, Found> found) {
        PoolConfig config = newest.pool().orElseThrow().config();
        for (int set = 0; set < config.sets().size(); set++) {
            List<MemberRecord> members = config.membersOf(set);
            if (!members.isEmpty() && members.stream().noneMatch(member -> found.containsKey(member.drive()))) {
                return true;
            }
        }
        return false;
    }

    /** Looks at the mirrors, which know better than a superblock which of their drives have what they should. */
    private static PoolConfig withMirrors(
            PoolConfig config, Map<UUID, Found> found, Map<Integer, MirrorImage> mirrors) {
        List<MemberRecord> members = new ArrayList<>(config.members());
        for (int set = 0; set < config.sets().size(); set++) {
            List<MemberRecord> replicas = config.membersOf(set);
            if (replicas.size() < 2) {
                continue;
            }
            MirrorImage image = mirror(config, replicas, found);
            mirrors.put(set, image);
            for (int slot = 0; slot < replicas.size(); slot++) {
                MemberRecord replica = replicas.get(slot);
                boolean usable = image.present(slot) || image.state(slot) == ReplicaState.STALE;
                MemberRecord.State state =
                        MemberRecord.State.valueOf(image.state(slot).name());
                // A drive without a mirror's records is a new one, or was emptied.
                boolean empty = !usable && found.containsKey(replica.drive());
                members.set(members.indexOf(replica), replica.withState(empty ? MemberRecord.State.STALE : state));
            }
        }
        return config.with(config.sets(), members);
    }

    private static MirrorImage mirror(PoolConfig config, List<MemberRecord> replicas, Map<UUID, Found> found) {
        List<Optional<BlockingDrive>> drives = drives(replicas, found);
        if (drives.stream().allMatch(Optional::isEmpty)) {
            throw new PoolException(
                    Reason.DRIVE_MISSING,
                    "pool %s: all drives of a mirror are missing, %s among them"
                            .formatted(config.name(), replicas.getFirst().drive()));
        }
        MirrorImage image;
        try {
            image = MirrorLoader.load(drives);
        } catch (MirrorException e) {
            boolean all = drives.stream().allMatch(Optional::isPresent);
            throw new PoolException(
                    all ? Reason.DAMAGED : Reason.DRIVE_MISSING, "pool %s: %s".formatted(config.name(), e.line()), e);
        }
        if (!image.apart().isEmpty()) {
            BlockingDrive apart = drives.get(image.apart().getFirst()).orElseThrow();
            throw new PoolException(
                    Reason.UNSUITABLE,
                    "pool %s: drive %s and the other drives of its mirror were written apart: take it away to go on with what they have"
                            .formatted(config.name(), apart.name()));
        }
        return image;
    }

    /** Whether the drives that are there may be without something that was written last, superblocks included. */
    boolean mayLackNewest() {
        return !root.clean() || !missing().isEmpty();
    }

    /**
     * Has mirrors record that they are used without some of their drives, before what the others have counts.
     *
     * @throws PoolException when that cannot be written
     */
    void leaveMissing() {
        mirrors.forEach((set, image) -> {
            if (!image.leaves()) {
                return;
            }
            try {
                MirrorLoader.leaveMissing(image, drives(config.membersOf(set), found));
            } catch (MirrorException e) {
                throw new PoolException(Reason.DRIVE_FAILED, "pool %s: %s".formatted(config.name(), e.line()), e);
            }
        });
    }

    private static List<Optional<BlockingDrive>> drives(List<MemberRecord> replicas, Map<UUID, Found> found) {
        return replicas.stream()
                .map(replica -> Optional.ofNullable(found.get(replica.drive())).map(Found::drive))
                .toList();
    }

    /** The drives whose newest superblock is the one at their start. */
    Set<UUID> newestAtStart() {
        Set<UUID> drives = new HashSet<>();
        found.forEach((drive, its) -> {
            if (its.atStart()) {
                drives.add(drive);
            }
        });
        return drives;
    }

    /** The drive of a member; empty when it is not there. */
    public Optional<Found> of(MemberRecord member) {
        return Optional.ofNullable(found.get(member.drive()));
    }

    /** Members whose drives are not there. */
    public List<MemberRecord> missing() {
        return config.members().stream()
                .filter(member -> !found.containsKey(member.drive()))
                .toList();
    }
}
