package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Checksum;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.mirror.MirrorSet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads the same range, at most a cluster, from each replica that has all data, one after the other; where there is no mirror, from
 * the one drive, which counts as replica 0. Says what they have, and makes wrong ones equal to a right one.
 */
final class EachReplica implements Io.Completion {
    private final Pool pool;
    private final Io io = new Io(this);
    private final List<MemorySegment> memory = new ArrayList<>();
    private @Nullable PoolSet set;
    private @Nullable MirrorSet mirror;
    private Runnable then = () -> {};
    private long offsetBytes;
    private long lengthBytes;
    private int period;
    private int slot;
    private int read;
    private int unreadable;

    EachReplica(Pool pool) {
        this.pool = pool;
    }

    /** @param whenRead run when all were read or could not be, perhaps inside */
    void read(PoolSet from, long offset, long length, Runnable whenRead) {
        set = from;
        mirror = from.drive() instanceof MirrorSet replicas ? replicas : null;
        then = whenRead;
        offsetBytes = offset;
        lengthBytes = length;
        slot = -1;
        read = 0;
        unreadable = 0;
        period = pool.drain().enter();
        next();
    }

    private void next() {
        MirrorSet replicas = mirror;
        PoolSet from = set;
        int slots = replicas == null ? 1 : replicas.slotCount();
        while (from != null && ++slot < slots) {
            if (replicas != null && !replicas.readable(slot)) {
                continue;
            }
            io.prepare(Io.READ, offsetBytes, lengthBytes, false);
            io.data().clear();
            io.data().add(memory(slot), 0, lengthBytes);
            int status = replicas == null ? from.drive().submit(io) : replicas.readReplica(slot, io);
            if (status == IoStatus.PENDING) {
                return;
            }
            count(status);
        }
        pool.drain().leave(period);
        then.run();
    }

    @Override
    public void completed(Io done, int status) {
        MirrorSet replicas = mirror;
        if (replicas != null) {
            replicas.replicaRead(slot);
        }
        count(status);
        next();
    }

    private void count(int status) {
        if (status == IoStatus.OK) {
            read |= 1 << slot;
        } else {
            unreadable |= 1 << slot;
        }
    }

    private MemorySegment memory(int index) {
        while (memory.size() <= index) {
            memory.add(Arena.ofAuto().allocate(Geometry.CLUSTER_BYTES, Geometry.BLOCK_BYTES));
        }
        return memory.get(index);
    }

    /** Some replica could be read. */
    boolean readable() {
        return read != 0;
    }

    /** The first replica that could be read. */
    int first() {
        return Integer.numberOfTrailingZeros(read);
    }

    /** The replicas may differ with good reason: those that are behind the first get what it has, without us. */
    boolean doubtful() {
        MirrorSet replicas = mirror;
        return replicas != null && replicas.doubtful(offsetBytes, lengthBytes);
    }

    /** The first replica whose block at {@code at} has a CRC32C of which that is true; -1: none. */
    int find(long at, IntPredicate crc) {
        for (int index = 0; index < memory.size(); index++) {
            if ((read >> index & 1) != 0 && crc.test(Checksum.of(memory(index), at, Geometry.BLOCK_BYTES))) {
                return index;
            }
        }
        return -1;
    }

    /** A replica that has at {@code at} the block that more than half of them have; -1: none. */
    int majority(long at) {
        for (int index = 0; index < memory.size(); index++) {
            if ((read >> index & 1) != 0 && 2 * Integer.bitCount(read & ~wrong(at, index)) > Integer.bitCount(read)) {
                return index;
            }
        }
        return -1;
    }

    /** A bit for each replica that could not be read, or has another block at {@code at} than {@code right}. */
    int wrong(long at, int right) {
        int wrong = unreadable;
        long end = at + Geometry.BLOCK_BYTES;
        for (int index = 0; index < memory.size(); index++) {
            boolean differs = (read >> index & 1) != 0
                    && index != right
                    && MemorySegment.mismatch(memory(right), at, end, memory(index), at, end) >= 0;
            wrong |= differs ? 1 << index : 0;
        }
        return wrong;
    }

    /** Makes the block at {@code at} the same on all replicas. @return whether there was something to do */
    boolean repair(long at, int right) {
        int wrong = wrong(at, right);
        MirrorSet replicas = mirror;
        if (replicas == null || wrong == 0) {
            return false;
        }
        replicas.repairFrom(offsetBytes + at, Geometry.BLOCK_BYTES, wrong);
        return true;
    }
}
