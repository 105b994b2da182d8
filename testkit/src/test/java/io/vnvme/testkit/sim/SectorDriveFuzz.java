package io.vnvme.testkit.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.SectorDrive;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.testkit.seed.FuzzLoop;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Many writes at once that share blocks of 4096 bytes, in units of 512, against an array of bytes. */
final class SectorDriveFuzz {
    private static final int SIZE = 1 << 20;
    private static final int SECTOR = 512;
    private static final int BLOCK = 4096;

    private static final class Work {
        Io io = new Io((_, _) -> {});
        boolean whole;
        boolean done;
        /** What a read must see; empty when a write ran beside it. */
        byte[] expected = new byte[0];

        boolean overlaps(long offset, long length) {
            return io.offsetBytes() < offset + length && offset < io.offsetBytes() + io.lengthBytes();
        }
    }

    @Test
    void sharedBlocksOnADriveThatAnswersLater() {
        FuzzLoop.run("SectorDriveFuzz, later", random -> {
            SimClock clock = new SimClock();
            try (SimDrive below = new SimDrive("sim", SIZE, BLOCK, clock, Faults.delays(100_000), random.split())) {
                run(below, clock, random);
            }
        });
    }

    @Test
    void sharedBlocksOnADriveThatAnswersAtOnce() {
        FuzzLoop.run("SectorDriveFuzz, at once", random -> {
            try (RamDrive ram = RamDrive.create("ram", SIZE)) {
                run(new LargeBlocks(ram), new SimClock(), random);
            }
        });
    }

    private static void run(Drive below, SimClock clock, SplittableRandom random) {
        byte[] model = new byte[SIZE];
        List<Work> running = new ArrayList<>();
        try (SectorDrive drive = new SectorDrive(below);
                Arena arena = Arena.ofConfined()) {
            int area = random.nextInt(4, SIZE / SECTOR);
            for (int i = 0; i < 400; i++) {
                submit(drive, area, random, model, running, arena);
                if (random.nextInt(3) == 0) {
                    clock.advance(20_000);
                    drive.poll(clock.nowNs());
                    reap(running);
                }
            }
            while (!running.isEmpty()) {
                clock.advance(50_000);
                drive.poll(clock.nowNs());
                reap(running);
            }
            MemorySegment all = arena.allocate(SIZE);
            Io io = new Io((_, _) -> {});
            io.prepare(Io.READ, 0, SIZE, false);
            io.data().add(all, 0, SIZE);
            int status = below.submit(io);
            while (status == IoStatus.PENDING && below.poll(clock.nowNs()) == 0) {
                clock.advance(50_000);
            }
            assertThat(all.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(model);
        }
    }

    private static void submit(
            Drive drive, int area, SplittableRandom random, byte[] model, List<Work> running, Arena arena) {
        int sectors = random.nextInt(8) == 0 ? random.nextInt(1, 1200) : random.nextInt(1, 24);
        sectors = Math.min(sectors, area);
        long offset = random.nextInt(area - sectors + 1) * (long) SECTOR;
        int length = sectors * SECTOR;
        int operation = new int[] {Io.READ, Io.WRITE, Io.WRITE, Io.WRITE, Io.WRITE_ZEROES, Io.DEALLOCATE, Io.FLUSH}
                [random.nextInt(7)];
        Work work = new Work();
        work.whole = ((offset | length) & BLOCK - 1) == 0;
        boolean beside = running.stream().anyMatch(other -> other.overlaps(offset, length));
        if (operation != Io.READ && operation != Io.FLUSH) {
            // Two writes of whole blocks at once have no order, as on any drive; a read beside a write sees either.
            if (running.stream()
                    .anyMatch(other -> other.overlaps(offset, length)
                            && (other.whole && work.whole || other.expected.length > 0))) {
                return;
            }
        }
        work.io = new Io((_, status) -> {
            assertThat(status).isEqualTo(IoStatus.OK);
            work.done = true;
        });
        work.io.prepare(operation, operation == Io.FLUSH ? 0 : offset, operation == Io.FLUSH ? 0 : length, false);
        MemorySegment data = arena.allocate(length);
        switch (operation) {
            case Io.READ -> {
                work.expected = beside ? new byte[0] : Arrays.copyOfRange(model, (int) offset, (int) offset + length);
                work.io.data().add(data, 0, length);
            }
            case Io.WRITE -> {
                byte[] bytes = new byte[length];
                random.nextBytes(bytes);
                data.copyFrom(MemorySegment.ofArray(bytes));
                System.arraycopy(bytes, 0, model, (int) offset, length);
                int cut = random.nextInt(length);
                if (cut > 0) {
                    work.io.data().add(data.asSlice(0, cut), 0, cut);
                }
                work.io.data().add(data.asSlice(cut), 0, length - cut);
            }
            case Io.FLUSH -> {}
            default -> Arrays.fill(model, (int) offset, (int) offset + length, (byte) 0);
        }
        running.add(work);
        int status = drive.submit(work.io);
        if (status != IoStatus.PENDING) {
            assertThat(status).isEqualTo(IoStatus.OK);
            work.done = true;
            reap(running);
        }
    }

    private static void reap(List<Work> running) {
        for (Work work : List.copyOf(running)) {
            if (work.done) {
                running.remove(work);
                if (work.expected.length > 0) {
                    byte[] read = new byte[work.expected.length];
                    work.io.data().copyTo(0, MemorySegment.ofArray(read), 0, read.length);
                    assertThat(read).isEqualTo(work.expected);
                }
            }
        }
    }

    /** A RAM drive that insists on large blocks. */
    private record LargeBlocks(RamDrive ram) implements Drive {
        @Override
        public String name() {
            return ram.name();
        }

        @Override
        public long sizeBytes() {
            return ram.sizeBytes();
        }

        @Override
        public int blockSizeBytes() {
            return BLOCK;
        }

        @Override
        public boolean volatileWriteCache() {
            return false;
        }

        @Override
        public int submit(Io io) {
            assertThat((io.offsetBytes() | io.lengthBytes()) % BLOCK).isZero();
            return ram.submit(io);
        }

        @Override
        public void close() {}
    }
}
