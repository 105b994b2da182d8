package io.vnvme.pool.mirror;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** One block of a mirror area on its way to all replicas that take part. */
final class AreaWrite implements Io.Completion {
    static final int HEADER = -1;

    private final MirrorLog log;
    private final int page;
    private final MemorySegment block = Arena.ofAuto().allocate(AreaGeometry.BLOCK_BYTES, AreaGeometry.BLOCK_BYTES);
    private final ByteBuffer view = block.asByteBuffer();
    private final Io[] ios = new Io[AreaGeometry.REPLICAS_MAX];
    private final int[] statuses = new int[AreaGeometry.REPLICAS_MAX];
    private int pending;
    private int submitted;

    /** @param page its index, or {@link #HEADER} */
    AreaWrite(MirrorLog log, int page) {
        this.log = log;
        this.page = page;
        for (int i = 0; i < ios.length; i++) {
            ios[i] = new Io(this);
        }
    }

    int page() {
        return page;
    }

    MemorySegment block() {
        return block;
    }

    ByteBuffer view() {
        return view;
    }

    /** How the write to a slot ended; OK for one that it did not go to. */
    int status(int slot) {
        return statuses[slot];
    }

    /** True when it went to this slot, and ended well. */
    boolean reached(int slot) {
        return (submitted >> slot & 1) != 0 && statuses[slot] == IoStatus.OK;
    }

    /** Writes the block, past volatile caches. */
    void start(Replica[] replicas, long offsetBytes) {
        // One more than there are, so that the end comes only after the last was submitted.
        pending = 1;
        submitted = 0;
        for (int slot = 0; slot < replicas.length; slot++) {
            statuses[slot] = IoStatus.OK;
            if (!replicas[slot].takesPart()) {
                continue;
            }
            submitted |= 1 << slot;
            pending++;
            Io io = ios[slot];
            io.prepare(Io.WRITE, offsetBytes, AreaGeometry.BLOCK_BYTES, true);
            io.data().clear();
            io.data().add(block, 0, AreaGeometry.BLOCK_BYTES);
            int status = replicas[slot].submit(io);
            if (status != IoStatus.PENDING) {
                statuses[slot] = status;
                pending--;
            }
        }
        ended();
    }

    @Override
    public void completed(Io io, int status) {
        int slot = 0;
        while (ios[slot] != io) {
            slot++;
        }
        statuses[slot] = status;
        log.childEnded(slot);
        ended();
    }

    private void ended() {
        if (--pending == 0) {
            log.ended(this);
        }
    }
}
