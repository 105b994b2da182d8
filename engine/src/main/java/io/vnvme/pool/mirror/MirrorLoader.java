package io.vnvme.pool.mirror;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.IoStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Makes mirrors on empty drives, and finds out what is on those of one. Blocking; off the reactor. */
public final class MirrorLoader {
    /**
     * The crash may have come while a header was written that only absent drives have. What is recorded now is newer, and goes
     * to the other place than what was found.
     */
    private static final int LEAP = 3;

    private MirrorLoader() {}

    /**
     * Writes the areas of a new mirror: all replicas are current. What else is on the drives stays; none of it counts as
     * content until it is written.
     *
     * @param set identity of the mirror
     * @throws MirrorException when a drive is too small, or cannot be written
     */
    public static void create(UUID set, List<BlockingDrive> drives) {
        if (drives.size() < 2 || drives.size() > AreaGeometry.REPLICAS_MAX) {
            throw new MirrorException(
                    "a mirror has 2 to %d drives, not %d".formatted(AreaGeometry.REPLICAS_MAX, drives.size()));
        }
        long size = drives.stream().mapToLong(BlockingDrive::sizeBytes).min().orElseThrow() & -AreaGeometry.BLOCK_BYTES;
        if (size < AreaGeometry.SIZE_MIN || size > AreaGeometry.SIZE_MAX) {
            throw new MirrorException("a mirror cannot have %d bytes".formatted(size));
        }
        MirrorHeader.Slot current = new MirrorHeader.Slot(ReplicaState.CURRENT, MirrorHeader.NO_PLANE, 0, 0);
        BitPages pages = new BitPages(set);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(AreaGeometry.BLOCK_BYTES, AreaGeometry.BLOCK_BYTES);
            for (BlockingDrive drive : drives) {
                writePages(drive, pages, block);
                for (long generation = 0; generation < AreaGeometry.HEADER_BLOCKS; generation++) {
                    List<MirrorHeader.Slot> slots =
                            drives.stream().map(_ -> current).toList();
                    new MirrorHeader(set, size, generation, slots).encode(block);
                    write(drive, AreaGeometry.headerOffset(generation), block);
                }
                flush(drive);
            }
        }
    }

    /**
     * Takes away the headers of a mirror that the drive may once have been in: one that is newer than those of a mirror which it
     * joins would count in their place.
     *
     * @throws MirrorException when the drive cannot be written
     */
    public static void forget(BlockingDrive drive) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment zeros = arena.allocate(AreaGeometry.BLOCK_BYTES, AreaGeometry.BLOCK_BYTES);
            for (long copy = 0; copy < AreaGeometry.HEADER_BLOCKS; copy++) {
                write(drive, AreaGeometry.headerOffset(copy), zeros);
            }
            flush(drive);
        }
    }

    private static void flush(BlockingDrive drive) {
        if (drive.flush() != IoStatus.OK) {
            throw new MirrorException("drive %s cannot be flushed".formatted(drive.name()));
        }
    }

    private static void write(BlockingDrive drive, long offsetBytes, MemorySegment block) {
        if (drive.write(offsetBytes, block) != IoStatus.OK) {
            throw new MirrorException("drive %s cannot be written".formatted(drive.name()));
        }
    }

    /**
     * Reads a mirror.
     *
     * @param drives by slot, those that are there
     * @throws MirrorException when no replica is there that has all data, or the drives are not of one mirror
     */
    public static MirrorImage load(List<Optional<BlockingDrive>> drives) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(AreaGeometry.BLOCK_BYTES, AreaGeometry.BLOCK_BYTES);
            List<Optional<MirrorHeader>> headers = new ArrayList<>();
            for (Optional<BlockingDrive> drive : drives) {
                headers.add(drive.flatMap(there -> Optional.ofNullable(header(there, block))));
            }
            int newest = newest(headers, drives);
            MirrorHeader header = headers.get(newest).orElseThrow();
            if (header.slots().size() != drives.size()) {
                throw new MirrorException("the mirror has %d replicas, not %d"
                        .formatted(header.slots().size(), drives.size()));
            }
            return image(drives, headers, header, block);
        }
    }

    /**
     * Records on the current replicas that are there that those which are not lack what was lately written. Before anything of
     * the mirror is read for use: what was read from one replica after a crash must not become what another one has, when
     * that comes back after the next crash.
     *
     * @param drives by slot, those that are there
     * @throws MirrorException when it cannot be written
     */
    public static void leaveMissing(MirrorImage image, List<Optional<BlockingDrive>> drives) {
        MirrorHeader found = image.header();
        Replica[] replicas = new Replica[image.slotCount()];
        for (int slot = 0; slot < replicas.length; slot++) {
            replicas[slot] = new Replica(slot, found.slots().get(slot), null);
        }
        RegionMarks marks = new RegionMarks(image.pages(), replicas, found.sizeBytes());
        List<Integer> left = new ArrayList<>();
        int heirs = 0;
        for (int slot = 0; slot < replicas.length; slot++) {
            heirs |= replicas[slot].state == ReplicaState.CURRENT && image.present(slot) ? 1 << slot : 0;
        }
        for (Replica replica : replicas) {
            if (replica.state != ReplicaState.STALE && !image.present(replica.slot)) {
                if (replica.state == ReplicaState.CURRENT) {
                    left.add(replica.slot);
                }
                marks.lost(replica);
                replica.state = ReplicaState.STALE;
                replica.lastGeneration = found.generation() + 1;
                replica.heirs = heirs;
            }
        }
        List<MirrorHeader.Slot> slots =
                Arrays.stream(replicas).map(Replica::record).toList();
        MirrorHeader header = new MirrorHeader(found.set(), found.sizeBytes(), found.generation() + LEAP, slots);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(AreaGeometry.BLOCK_BYTES, AreaGeometry.BLOCK_BYTES);
            for (Replica replica : replicas) {
                if (replica.state == ReplicaState.CURRENT) {
                    BlockingDrive drive = drives.get(replica.slot).orElseThrow();
                    writePages(drive, image.pages(), block);
                    header.encode(block);
                    write(drive, AreaGeometry.headerOffset(header.generation()), block);
                    flush(drive);
                }
            }
        }
        image.left(header, left);
    }

    private static void writePages(BlockingDrive drive, BitPages pages, MemorySegment block) {
        for (int page = 0; page < AreaGeometry.PAGES; page++) {
            pages.capture(page, block, block.asByteBuffer());
            write(drive, AreaGeometry.pageOffset(page), block);
        }
        flush(drive);
    }

    private static MirrorImage image(
            List<Optional<BlockingDrive>> drives,
            List<Optional<MirrorHeader>> headers,
            MirrorHeader header,
            MemorySegment block) {
        List<Boolean> usable = new ArrayList<>();
        List<Integer> apart = new ArrayList<>();
        BitPages pages = new BitPages(header.set());
        for (int slot = 0; slot < drives.size(); slot++) {
            Optional<MirrorHeader> own = headers.get(slot);
            MirrorHeader.Slot record = header.slots().get(slot);
            boolean ours = own.isPresent() && own.get().set().equals(header.set());
            if (ours) {
                checkSize(drives.get(slot).orElseThrow(), header);
            }
            boolean wentApart =
                    ours && record.state() == ReplicaState.STALE && wentApart(record, own.orElseThrow(), slot);
            usable.add(ours && !wentApart);
            if (wentApart) {
                apart.add(slot);
            } else if (ours && record.state() == ReplicaState.CURRENT) {
                merge(drives.get(slot).orElseThrow(), pages, block);
            }
        }
        return new MirrorImage(header, usable, pages, apart);
    }

    /**
     * Whether the stale replica was used without the others: it calls itself current in a header that it cannot have from them. The
     * last one that it can have may have been on its way to all when the power went; but not if it is without those who went on.
     */
    private static boolean wentApart(MirrorHeader.Slot record, MirrorHeader own, int slot) {
        if (own.slots().get(slot).state() != ReplicaState.CURRENT) {
            return false;
        }
        int current = 0;
        for (int other = 0; other < own.slots().size(); other++) {
            current |= own.slots().get(other).state() == ReplicaState.CURRENT ? 1 << other : 0;
        }
        boolean without = record.heirs() != 0 && (record.heirs() & current) == 0;
        return own.generation() > record.lastGeneration() || own.generation() == record.lastGeneration() && without;
    }

    /** A drive that was cut short, or a header that makes no sense: what lies beyond the end could not be copied. */
    private static void checkSize(BlockingDrive drive, MirrorHeader header) {
        if (drive.sizeBytes() < header.sizeBytes()) {
            throw new MirrorException("drive %s has %d bytes, its mirror %d"
                    .formatted(drive.name(), drive.sizeBytes(), header.sizeBytes()));
        }
    }

    /** Returns the slot whose header counts: the newest of those that call themselves current. */
    private static int newest(List<Optional<MirrorHeader>> headers, List<Optional<BlockingDrive>> drives) {
        int newest = -1;
        long generation = -1;
        boolean any = false;
        for (int slot = 0; slot < headers.size(); slot++) {
            MirrorHeader header = headers.get(slot).orElse(null);
            any |= header != null;
            if (header != null
                    && slot < header.slots().size()
                    && header.slots().get(slot).state() == ReplicaState.CURRENT
                    && header.generation() > generation) {
                newest = slot;
                generation = header.generation();
            }
        }
        if (newest < 0) {
            throw new MirrorException(
                    any
                            ? "no drive is there that has all data of the mirror"
                            : "none of %d drives has a mirror's records".formatted(drives.size()));
        }
        return newest;
    }

    private static @Nullable MirrorHeader header(BlockingDrive drive, MemorySegment block) {
        MirrorHeader newest = null;
        for (long copy = 0; copy < AreaGeometry.HEADER_BLOCKS; copy++) {
            if (drive.read(AreaGeometry.headerOffset(copy), block) == IoStatus.OK) {
                MirrorHeader found = MirrorHeader.decode(block);
                newest = newest == null || found != null && found.generation() > newest.generation() ? found : newest;
            }
        }
        return newest;
    }

    private static void merge(BlockingDrive drive, BitPages pages, MemorySegment block) {
        for (int page = 0; page < AreaGeometry.PAGES; page++) {
            if (drive.read(AreaGeometry.pageOffset(page), block) != IoStatus.OK) {
                // Counts as torn.
                block.fill((byte) 0);
            }
            pages.merge(page, block);
        }
    }
}
