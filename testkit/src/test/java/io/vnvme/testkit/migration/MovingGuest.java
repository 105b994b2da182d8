package io.vnvme.testkit.migration;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.volume.Volume;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Who uses a volume, several things at a time, and knows what it has to hold: no two of them are about the same blocks. */
final class MovingGuest {
    private static final int BLOCK = 512;
    private static final int IN_FLIGHT_MAX = 12;

    private static final class Work implements Io.Completion {
        final Io io = new Io(this);
        final int operation;
        final int offset;
        final int length;
        final byte[] data;
        final MemorySegment memory;
        int status = IoStatus.PENDING;

        Work(int operation, int offset, int length, byte[] data, MemorySegment memory, boolean durable) {
            this.operation = operation;
            this.offset = offset;
            this.length = length;
            this.data = data;
            this.memory = memory;
            io.prepare(operation, offset, length, durable);
            if (memory.byteSize() > 0) {
                io.data().add(memory, 0, length);
            }
        }

        @Override
        public void completed(Io ended, int how) {
            assertThat(status).as("ends once").isEqualTo(IoStatus.PENDING);
            status = how;
        }
    }

    final byte[] model = new byte[Side.VOLUME];
    /** Clusters that were ever written with something. */
    final boolean[] touched = new boolean[Side.VOLUME / 65536 + 1];

    /** Zeros that are written may be written to the copy itself from now on: those too that wait. */
    private boolean zerosCount;

    private final SplittableRandom random;
    private final Arena arena;
    private final List<Work> underWay = new ArrayList<>();
    private int pending;
    private long ended;

    MovingGuest(SplittableRandom random, Arena arena) {
        this.random = random;
        this.arena = arena;
    }

    void switches() {
        zerosCount = true;
        underWay.forEach(work -> touch(work.operation, work.offset, work.offset + work.length));
    }

    /** Where there may be zeros afterwards that lie on the drive: a part of a block that is cleared may be written. */
    private void touch(int operation, int offset, int end) {
        if (operation == Io.WRITE) {
            Arrays.fill(touched, offset / 65536, (end - 1) / 65536 + 1, true);
        } else if (operation == Io.WRITE_ZEROES || operation == Io.DEALLOCATE) {
            touched[offset / 65536] |= offset % 4096 != 0;
            touched[(end - 1) / 65536] |= end % 4096 != 0;
        }
    }

    /** Pieces of work that were given away, and whose end was not looked at. */
    int pending() {
        return pending;
    }

    /** Those of them that have not ended. */
    int pendingNow() {
        return (int) underWay.stream().filter(w -> w.status == IoStatus.PENDING).count();
    }

    long ended() {
        return ended;
    }

    /** Begins something, unless there is much or it is about the same as another. */
    void begin(Volume volume, int hotBytes) {
        int length = BLOCK * (1 + random.nextInt(random.nextInt(4) == 0 ? 400 : 16));
        int space = random.nextInt(4) == 0 ? Side.VOLUME : Math.max(hotBytes, length);
        int offset = random.nextInt((space - length) / BLOCK + 1) * BLOCK;
        if (underWay.size() >= IN_FLIGHT_MAX || overlaps(offset, length)) {
            return;
        }
        int operation = switch (random.nextInt(10)) {
            case 0 -> Io.DEALLOCATE;
            case 1 -> Io.WRITE_ZEROES;
            case 2 -> Io.FLUSH;
            case 3 -> Io.READ;
            default -> Io.WRITE;
        };
        byte[] data = new byte[length];
        boolean zeros = random.nextInt(12) == 0;
        if (operation == Io.WRITE && !zeros) {
            random.nextBytes(data);
        }
        if (zerosCount || operation == Io.WRITE && !zeros) {
            touch(operation, offset, offset + length);
        }
        boolean moves = operation == Io.WRITE || operation == Io.READ;
        MemorySegment memory = moves ? arena.allocate(length, 4096) : MemorySegment.NULL;
        if (operation == Io.WRITE) {
            memory.copyFrom(MemorySegment.ofArray(data));
        }
        Work work = new Work(operation, offset, length, data, memory, random.nextInt(8) == 0);
        underWay.add(work);
        pending++;
        int status = volume.submit(work.io);
        if (status != IoStatus.PENDING) {
            work.completed(work.io, status);
        }
    }

    private boolean overlaps(int offset, int length) {
        return underWay.stream().anyMatch(w -> w.offset < offset + length && offset < w.offset + w.length);
    }

    /** Notes what has ended: nothing may fail. */
    void look() {
        underWay.removeIf(work -> {
            if (work.status == IoStatus.PENDING) {
                return false;
            }
            assertThat(work.status).as("operation %d", work.operation).isEqualTo(IoStatus.OK);
            pending--;
            ended++;
            switch (work.operation) {
                case Io.WRITE -> System.arraycopy(work.data, 0, model, work.offset, work.length);
                case Io.READ ->
                    assertThat(work.memory.toArray(ValueLayout.JAVA_BYTE))
                            .isEqualTo(Arrays.copyOfRange(model, work.offset, work.offset + work.length));
                case Io.FLUSH -> {}
                default -> Arrays.fill(model, work.offset, work.offset + work.length, (byte) 0);
            }
            return true;
        });
    }
}
