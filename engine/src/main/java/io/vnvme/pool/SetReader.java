package io.vnvme.pool;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Checksum;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Reads metadata of one set, from whichever of its drives has it right. */
final class SetReader {
    private final List<BlockingDrive> replicas;

    /** @param replicas those whose content is what the set's is; at least one */
    SetReader(List<BlockingDrive> replicas) {
        this.replicas = List.copyOf(replicas);
    }

    int replicaCount() {
        return replicas.size();
    }

    /** Begins to read from the first drive. */
    BlockingDrive.Ahead readAhead(long offset, MemorySegment target) {
        return replicas.getFirst().readAhead(offset, target);
    }

    /** Reads from one drive. @return whether it could be read */
    boolean read(int replica, long offset, MemorySegment target) {
        return replicas.get(replica).read(offset, target) == IoStatus.OK;
    }

    /** Writes to all drives. @return whether all took it */
    boolean write(long offset, MemorySegment source) {
        boolean all = true;
        for (BlockingDrive replica : replicas) {
            all &= replica.write(offset, source) == IoStatus.OK;
        }
        return all;
    }

    /** Reads from the first drive that answers. @return whether one did */
    boolean read(long offset, MemorySegment target) {
        for (int i = 0; i < replicas.size(); i++) {
            if (read(i, offset, target)) {
                return true;
            }
        }
        return false;
    }

    /** Reads what has this CRC32C, from the first drive that has it. @return whether one did */
    boolean read(long offset, MemorySegment target, int checksum) {
        for (int i = 0; i < replicas.size(); i++) {
            if (read(i, offset, target) && Checksum.of(target, 0, target.byteSize()) == checksum) {
                return true;
            }
        }
        return false;
    }
}
