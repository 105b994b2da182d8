package io.vnvme.pool;

import io.vnvme.drive.IoStatus;
import io.vnvme.pool.PoolException.Reason;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.pool.format.Superblock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Gives the newest superblock to the drives that a crash left without it. It may be on one drive of a mirror alone: with that
 * one lost, all that happens from now on would count for nothing.
 */
final class FoundSuperblocks {
    private final PoolScan scan;
    private final long generation;
    private final Set<UUID> newestAtStart;

    /** @param generation that of the superblocks found, or a newer one that takes their place */
    FoundSuperblocks(PoolScan scan, long generation) {
        this.scan = scan;
        this.generation = generation;
        newestAtStart = new HashSet<>(scan.newestAtStart());
    }

    /** The drives whose newest superblock is the one at their start. */
    Set<UUID> newestAtStart() {
        return newestAtStart;
    }

    /**
     * Writes them; durable after a flush.
     *
     * @return whether there was anything to write
     * @throws PoolException DRIVE_FAILED when a drive does not take it
     */
    boolean spread() {
        boolean written = false;
        for (MemberRecord member : scan.config().members()) {
            PoolScan.Found found = scan.found().get(member.drive());
            if (found != null
                    && member.state() == MemberRecord.State.CURRENT
                    && found.superblock().generation() < generation) {
                write(member.drive(), found);
                written = true;
            }
        }
        return written;
    }

    /** Over the place that has nothing newer than the other. */
    private void write(UUID drive, PoolScan.Found found) {
        Superblock old = found.superblock();
        Superblock newest = new Superblock(
                generation,
                drive,
                old.driveName(),
                old.driveBytes(),
                Optional.of(new Superblock.InPool(scan.config(), scan.root())));
        long offset = found.atStart() ? Geometry.secondSuperblock(old.driveBytes()) : 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment block = arena.allocate(Superblock.SIZE, Superblock.SIZE);
            newest.encode(block);
            if (found.drive().write(offset, block) != IoStatus.OK) {
                throw new PoolException(
                        Reason.DRIVE_FAILED,
                        "drive %s did not take the newest superblock"
                                .formatted(found.drive().name()));
            }
        }
        if (found.atStart()) {
            newestAtStart.remove(drive);
        } else {
            newestAtStart.add(drive);
        }
    }
}
