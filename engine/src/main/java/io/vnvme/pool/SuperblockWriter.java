package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.format.Root;
import io.vnvme.pool.format.Superblock;
import io.vnvme.pool.mirror.MirrorSet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes both superblocks of every drive of the pool: the first ones and a flush, then the second ones and a flush, so
 * that at any moment one of the two is whole, the old one or the new one.
 *
 * <p>Which of a drive's two is first depends on what was found: after a crash between the two, the one that was not written
 * may be damaged, or of a checkpoint whose pages are given away by now. It comes first, the good one last.
 *
 * <p>A drive of a mirror that fails at one is the mirror's no more, and that is recorded before the new superblocks count:
 * pages that only its old one refers to are given away then. It has all data again when it has the newest superblock, too.
 */
final class SuperblockWriter {
    private final Pool pool;
    private final Set<UUID> newestAtStart;
    /** Drives that keep a superblock of the newest checkpoint through a power cut. */
    private final Set<UUID> upToDate = new HashSet<>();

    private @Nullable Root root;
    private List<PoolMember> members = List.of();
    private @Nullable PoolConfig config;
    private boolean idle = true;
    private Done done = _ -> {};
    private boolean second;
    private int outstanding;
    private boolean flushing;
    /** All is written; mirrors have yet to record which of their drives failed. */
    private boolean recording;

    private @Nullable String failure;
    /**
     * Drives that failed at the first copy, or at its flush: that one may be torn, so the second has to stay as it is.
     */
    private final Set<UUID> failed = new HashSet<>();
    /** Sets of which a drive has done what this step asks. */
    private final BitSet written = new BitSet();

    /** @param newestAtStart the drives whose superblock at the start is the newest: it is written over last */
    SuperblockWriter(Pool pool, Set<UUID> newestAtStart) {
        this.pool = pool;
        this.newestAtStart = new HashSet<>(newestAtStart);
    }

    /** Whether the drive may stand for all others: its superblock is as new as theirs. */
    boolean upToDate(UUID drive) {
        return upToDate.contains(drive);
    }

    /** What was written to that drive may be gone; what is being written goes where it was. */
    void left(UUID drive) {
        upToDate.remove(drive);
        if (!idle) {
            failed.add(drive);
        }
    }

    /** Goes on with what waits for mirrors. */
    void poll() {
        if (!recording) {
            return;
        }
        for (PoolSet set : pool.sets().present()) {
            if (set.drive() instanceof MirrorSet mirror && !mirror.settled()) {
                return;
            }
        }
        recording = false;
        idle = true;
        done.done(null);
    }

    /** Nothing is being written. */
    boolean idle() {
        return idle;
    }

    /** Writes a new generation of superblocks. */
    void write(Root newRoot, List<PoolMember> drives, PoolConfig newConfig, Done whenDone) {
        idle = false;
        root = newRoot;
        members = drives;
        config = newConfig;
        done = whenDone;
        second = false;
        failed.clear();
        pool.nextGeneration();
        writeCopies();
    }

    private void writeCopies() {
        Root current = root;
        PoolConfig currentConfig = config;
        if (current == null || currentConfig == null) {
            throw new IllegalStateException("no root to write");
        }
        flushing = false;
        failure = null;
        outstanding = 1;
        for (PoolMember member : members) {
            if (failed.contains(member.record().drive())) {
                continue;
            }
            MemorySegment block = Arena.ofAuto().allocate(Superblock.SIZE, Superblock.SIZE);
            new Superblock(
                            pool.generation(),
                            member.record().drive(),
                            member.driveName(),
                            member.driveBytes(),
                            Optional.of(new Superblock.InPool(currentConfig, current)))
                    .encode(block);
            Io io = new Io((_, status) -> ended(member, status));
            boolean atEnd = second != newestAtStart.contains(member.record().drive());
            long offset = atEnd ? Geometry.secondSuperblock(member.driveBytes()) : 0;
            io.prepare(Io.WRITE, offset, Superblock.SIZE, false);
            io.data().add(block, 0, Superblock.SIZE);
            submit(member, io);
        }
        ended();
    }

    private void flush() {
        flushing = true;
        outstanding = 1;
        for (PoolMember member : members) {
            if (failed.contains(member.record().drive())) {
                continue;
            }
            if (!member.drive().volatileWriteCache()) {
                written.set(member.record().set());
            } else {
                Io io = new Io((_, status) -> ended(member, status));
                io.prepare(Io.FLUSH, 0, 0, false);
                submit(member, io);
            }
        }
        ended();
    }

    private void submit(PoolMember member, Io io) {
        outstanding++;
        int answer = member.drive().submit(io);
        if (answer != IoStatus.PENDING) {
            ended(member, answer);
        }
    }

    private void ended(PoolMember member, int status) {
        if (status == IoStatus.OK) {
            written.set(member.record().set());
            ended();
            return;
        }
        fail(member.record().drive());
        if (!pool.memberFailed(member)) {
            failure = "the superblock of drive %s could not be written".formatted(member.driveName());
        }
        ended();
    }

    /** The copy that was not at stake is the good one from now on. */
    private void fail(UUID drive) {
        upToDate.remove(drive);
        if (failed.add(drive) && second && !newestAtStart.remove(drive)) {
            newestAtStart.add(drive);
        }
    }

    private void ended() {
        if (--outstanding > 0) {
            return;
        }
        String wrong = failure;
        for (PoolMember member : members) {
            if (wrong == null && !written.get(member.record().set())) {
                wrong = "no drive of set %d took its superblock"
                        .formatted(member.record().set());
            }
        }
        written.clear();
        if (wrong != null) {
            idle = true;
            done.done(new PoolException(PoolException.Reason.DRIVE_FAILED, wrong));
        } else if (!flushing) {
            flush();
        } else if (!second) {
            members.forEach(member -> keeps(member.record().drive()));
            second = true;
            writeCopies();
        } else {
            recording = true;
            poll();
        }
    }

    private void keeps(UUID drive) {
        if (!failed.contains(drive)) {
            upToDate.add(drive);
        }
    }
}
