package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.checksum.ChecksumArea;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.mirror.MirrorSet;
import java.lang.foreign.MemorySegment;
import java.util.function.IntConsumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A block that is not what its checksum says: on a mirror each replica is looked at, the right one is taken and the wrong ones
 * are made equal to it. Elsewhere, and when none is right, it is an error.
 */
final class BadBlock implements Io.Completion {
    private final Pool pool;
    private final IntConsumer ended;
    private final Io io = new Io(this);
    private final CRC32C crc = new CRC32C();
    private @Nullable MirrorSet mirror;
    private MemorySegment target = MemorySegment.NULL;
    private long targetOffset;
    private long driveOffset;
    private int known;
    private int slot;
    private int wrong;

    /** @param ended told later, never inside {@link #read} */
    BadBlock(Pool pool, IntConsumer ended) {
        this.pool = pool;
        this.ended = ended;
    }

    /** @return READ_ERROR at once when there is only one drive, else PENDING */
    int read(PoolSet set, long place, int checksum, MemorySegment memory, long offset) {
        if (!(set.drive() instanceof MirrorSet replicas)) {
            return IoStatus.READ_ERROR;
        }
        mirror = replicas;
        target = memory;
        targetOffset = offset;
        driveOffset = set.offset(place >>> 4) + ((place & 15) << Geometry.BLOCK_SHIFT);
        known = checksum;
        slot = -1;
        wrong = 0;
        pool.later(this::next);
        return IoStatus.PENDING;
    }

    private void next() {
        MirrorSet replicas = mirror;
        while (replicas != null && ++slot < replicas.slotCount()) {
            if (replicas.readable(slot)) {
                io.prepare(Io.READ, driveOffset, Geometry.BLOCK_BYTES, false);
                io.data().clear();
                io.data().add(target, targetOffset, Geometry.BLOCK_BYTES);
                int status = replicas.readReplica(slot, io);
                if (status == IoStatus.PENDING || looked(status)) {
                    return;
                }
            }
        }
        ended.accept(IoStatus.READ_ERROR);
    }

    @Override
    public void completed(Io done, int status) {
        MirrorSet replicas = mirror;
        if (replicas != null) {
            replicas.replicaRead(slot);
        }
        if (!looked(status)) {
            next();
        }
    }

    /** @return whether this replica had it right */
    private boolean looked(int status) {
        crc.reset();
        crc.update(target.asSlice(targetOffset, Geometry.BLOCK_BYTES).asByteBuffer());
        if (status != IoStatus.OK || ChecksumArea.stored((int) crc.getValue()) != known) {
            wrong |= 1 << slot;
            return false;
        }
        MirrorSet replicas = mirror;
        if (replicas != null) {
            // Those behind this one were not looked at; they are made equal as well.
            for (int other = slot + 1; other < replicas.slotCount(); other++) {
                wrong |= replicas.readable(other) ? 1 << other : 0;
            }
            replicas.repairFrom(driveOffset, Geometry.BLOCK_BYTES, wrong & ~(1 << slot));
        }
        ended.accept(IoStatus.OK);
        return true;
    }
}
