package io.vnvme.drive.uring;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.memory.Region;
import io.vnvme.os.Mapping;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random work of all kinds against an array of bytes, on a real file: sizes, splits, alignments, depths. */
final class UringDriveFuzz {
    private static final int SIZE = 4 << 20;
    private static final int BUFFERS = 24;
    private static final int BUFFER_BYTES = 640 << 10;
    private static final int ROUNDS = Integer.getInteger("vnvme.fuzz.rounds", 3000);

    private final long seed = Long.getLong("vnvme.seed", System.nanoTime());
    private final SplittableRandom random = new SplittableRandom(seed);
    private final byte[] model = new byte[SIZE];
    private final List<Work> running = new ArrayList<>();
    private final ArrayDeque<Integer> freeBuffers = new ArrayDeque<>();

    private static final class Work {
        Io io = new Io((_, _) -> {});
        int buffer;
        byte[] data = new byte[0];
        boolean done;
        int status;

        boolean overlaps(long offset, long length) {
            return io.offsetBytes() < offset + length && offset < io.offsetBytes() + io.lengthBytes();
        }
    }

    @Test
    void onAFileSystemWithDirectIo(@TempDir Path folder) {
        run(folder.resolve("drive"));
    }

    @Test
    void onTmpfs() throws Exception {
        Path folder = Files.createTempDirectory(Path.of("/dev/shm"), "vnvme-fuzz");
        try {
            run(folder.resolve("drive"));
        } finally {
            Files.deleteIfExists(folder.resolve("drive"));
            Files.delete(folder);
        }
    }

    private void run(Path path) {
        System.out.println("seed " + seed + " (replay: -Dvnvme.seed=" + seed + ")");
        try (Mapping memory = Mapping.anonymous((long) BUFFERS * BUFFER_BYTES, false);
                DriveFile file = DriveFile.create(path, SIZE);
                DriveRing ring = DriveRing.open();
                UringDrive drive = new UringDrive("fuzz", file, ring, new DriveHealth())) {
            Region region = new Region(0, memory.segment().byteSize(), memory.segment(), true, true);
            for (int i = 0; i < BUFFERS; i++) {
                freeBuffers.add(i);
            }
            for (int round = 0; round < ROUNDS; round++) {
                if (!freeBuffers.isEmpty() && random.nextInt(3) > 0) {
                    submit(drive, memory.segment(), region);
                } else {
                    drive.poll(round);
                    reap();
                }
            }
            while (!running.isEmpty()) {
                drive.poll(0);
                reap();
            }
            region.leave();
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    private void submit(UringDrive drive, MemorySegment memory, Region region) {
        int block = drive.blockSizeBytes();
        long length = (random.nextInt(4) == 0 ? random.nextInt(1, BUFFER_BYTES / 2 / block) : random.nextInt(1, 17))
                * (long) block;
        long offset = random.nextInt((int) ((SIZE - length) / block) + 1) * (long) block;
        for (Work other : running) {
            // Overlapping work has no order: the model could not tell.
            if (other.overlaps(offset, length)) {
                return;
            }
        }
        Work work = new Work();
        work.buffer = freeBuffers.remove();
        work.io = new Io((_, status) -> {
            work.done = true;
            work.status = status;
        });
        int operation = random.nextInt(10) < 8 ? random.nextInt(1, 3) : random.nextInt(3, 6);
        work.io.prepare(
                operation,
                operation == Io.FLUSH ? 0 : offset,
                operation == Io.FLUSH ? 0 : length,
                operation != Io.READ && random.nextInt(8) == 0);
        if (operation == Io.READ || operation == Io.WRITE) {
            split(work, length, block, memory, region);
        }
        if (operation == Io.WRITE) {
            work.data = new byte[(int) length];
            random.nextBytes(work.data);
            work.io.data().copyFrom(0, MemorySegment.ofArray(work.data), 0, length);
        }
        running.add(work);
        assertThat(drive.submit(work.io)).isEqualTo(IoStatus.PENDING);
    }

    /** Pieces of the buffer, in order, with gaps: of blocks, of quarters of blocks, or aligned to nothing. */
    private void split(Work work, long length, int block, MemorySegment memory, Region region) {
        int grain = new int[] {4096, block, 128, 1}[random.nextInt(4)];
        long at = (long) work.buffer * BUFFER_BYTES + random.nextInt(8) * (long) grain;
        long left = length;
        int pieces = random.nextInt(3) == 0 ? random.nextInt(1, 40) : 1;
        while (left > 0) {
            long part = --pieces <= 0 ? left : Math.min(left, random.nextInt(1, 9) * (long) Math.max(grain, 512));
            if (random.nextBoolean()) {
                work.io.data().add(region, at, part);
            } else {
                work.io.data().add(memory, at, part);
            }
            at += part + (pieces > 0 ? random.nextInt(3) * (long) grain : 0);
            left -= part;
        }
        assertThat(at).isLessThanOrEqualTo((work.buffer + 1L) * BUFFER_BYTES);
    }

    private void reap() {
        for (Work work : List.copyOf(running)) {
            if (work.done) {
                running.remove(work);
                freeBuffers.add(work.buffer);
                assertThat(work.status).isEqualTo(IoStatus.OK);
                check(work);
            }
        }
    }

    private void check(Work work) {
        int from = (int) work.io.offsetBytes();
        int to = from + (int) work.io.lengthBytes();
        switch (work.io.operation()) {
            case Io.READ -> {
                byte[] read = new byte[to - from];
                work.io.data().copyTo(0, MemorySegment.ofArray(read), 0, read.length);
                assertThat(read).isEqualTo(Arrays.copyOfRange(model, from, to));
            }
            case Io.WRITE -> System.arraycopy(work.data, 0, model, from, work.data.length);
            case Io.WRITE_ZEROES, Io.DEALLOCATE -> Arrays.fill(model, from, to, (byte) 0);
            default -> assertThat(work.io.operation()).isEqualTo(Io.FLUSH);
        }
    }
}
