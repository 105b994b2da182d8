package io.vnvme.nvme;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.memory.Segments;
import io.vnvme.reactor.WaitMeter;
import io.vnvme.volume.Volume;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** A volume in memory that answers at once, or - when told to - only when the test says so. */
final class TestVolume implements Volume {
    final MemorySegment media;
    final WaitMeter space = new WaitMeter();
    final List<Integer> operations = new ArrayList<>();
    final ArrayDeque<Io> pending = new ArrayDeque<>();
    boolean asynchronous;
    /** Answer of every submission, unless asynchronous. */
    int answer = IoStatus.OK;

    /** Thrown at every submission, when there is one. */
    @Nullable
    RuntimeException defect;

    boolean lastForceUnitAccess;
    int physicalBlockBytes = 4096;
    int optimalWriteBytes = 4096;

    TestVolume(long sizeBytes) {
        media = Arena.ofAuto().allocate(sizeBytes, 4096);
    }

    @Override
    public WaitMeter space() {
        return space;
    }

    @Override
    public long sizeBytes() {
        return media.byteSize();
    }

    @Override
    public int blockSizeBytes() {
        return 512;
    }

    @Override
    public int physicalBlockBytes() {
        return physicalBlockBytes;
    }

    @Override
    public int optimalWriteBytes() {
        return optimalWriteBytes;
    }

    @Override
    public boolean volatileWriteCache() {
        return true;
    }

    @Override
    public int submit(Io io) {
        operations.add(io.operation());
        lastForceUnitAccess = io.forceUnitAccess();
        if (defect != null) {
            throw defect;
        }
        if (asynchronous) {
            pending.add(io);
            return IoStatus.PENDING;
        }
        if (answer == IoStatus.OK) {
            move(io);
        }
        return answer;
    }

    /** Does and completes the oldest pending work. */
    void completeOne() {
        complete(IoStatus.OK);
    }

    void complete(int status) {
        Io io = pending.remove();
        if (status == IoStatus.OK) {
            move(io);
        }
        io.complete(status);
    }

    void completeAll() {
        while (!pending.isEmpty()) {
            completeOne();
        }
    }

    /** Does and completes some pending work, if there is any. */
    void completeAny(Random random) {
        if (!pending.isEmpty()) {
            for (int i = random.nextInt(pending.size()); i > 0; i--) {
                pending.add(pending.remove());
            }
            completeOne();
        }
    }

    /** Does what is pending, and nobody hears of it. */
    void doUnseen() {
        pending.forEach(this::move);
        pending.clear();
    }

    private void move(Io io) {
        Segments data = io.data();
        switch (io.operation()) {
            case Io.READ -> data.copyFrom(0, media, io.offsetBytes(), io.lengthBytes());
            case Io.WRITE -> data.copyTo(0, media, io.offsetBytes(), io.lengthBytes());
            case Io.WRITE_ZEROES, Io.DEALLOCATE ->
                media.asSlice(io.offsetBytes(), io.lengthBytes()).fill((byte) 0);
            default -> {
                // A flush has nothing to do.
            }
        }
    }
}
