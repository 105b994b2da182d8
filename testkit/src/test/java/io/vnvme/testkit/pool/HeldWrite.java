package io.vnvme.testkit.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Writes of a cluster to volume v, one at a time, that may wait for space: looked at while they do. */
final class HeldWrite {
    private final SimPool pool;
    private final MemorySegment memory;
    private int status;

    HeldWrite(SimPool pool, byte[] data) {
        this.pool = pool;
        memory = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, data);
    }

    /** Begins to write a cluster. @return whether that ended, well; else it is held */
    boolean ended(int cluster) {
        status = IoStatus.PENDING;
        Io io = new Io((_, ended) -> status = ended);
        io.prepare(Io.WRITE, cluster * memory.byteSize(), memory.byteSize(), false);
        io.data().add(memory, 0, memory.byteSize());
        int answer = pool.volume("v").submit(io);
        if (answer != IoStatus.PENDING) {
            status = answer;
        }
        for (int i = 0; i < 10_000 && status == IoStatus.PENDING; i++) {
            pool.step();
        }
        return status == IoStatus.OK;
    }

    int status() {
        return status;
    }
}
