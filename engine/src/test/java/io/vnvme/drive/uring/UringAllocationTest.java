package io.vnvme.drive.uring;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.memory.Region;
import io.vnvme.os.Mapping;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Transfers allocate nothing, once the drive has met each kind of them. */
final class UringAllocationTest {
    private static final int DEPTH = 64;
    private static final int TRANSFERS = 30_000;
    private static final int ATTEMPTS = 10;
    private static final long SIZE = 4 << 20;

    private final Io[] works = new Io[DEPTH];
    private final int[] free = new int[DEPTH];
    private int freeCount;
    private int errors;

    @Test
    void manyTransfersWithoutAByte(@TempDir Path folder) {
        try (Mapping memory = Mapping.anonymous(SIZE, false);
                DriveFile file = DriveFile.create(folder.resolve("drive"), SIZE);
                DriveRing ring = DriveRing.open();
                UringDrive drive = new UringDrive("d0", file, ring, new DriveHealth())) {
            Region region = new Region(0, SIZE, memory.segment(), true, true);
            for (int i = 0; i < DEPTH; i++) {
                int slot = i;
                works[i] = new Io((_, status) -> {
                    errors += status == IoStatus.OK ? 0 : 1;
                    free[freeCount++] = slot;
                });
                // By turns in one piece, in several, and not aligned.
                long at = i * 16384L;
                if (i % 4 == 0) {
                    works[i].data().add(region, at + 1, 4096);
                } else {
                    works[i].data().add(region, at, i % 4 == 1 ? 2048 : 4096);
                    works[i].data().add(region, at + 8192, i % 4 == 1 ? 2048 : 0);
                }
                free[freeCount++] = i;
            }
            long allocated = allocated(drive);
            for (int attempt = 0; attempt < ATTEMPTS && allocated != 0; attempt++) {
                allocated = allocated(drive);
            }
            assertThat(errors).isZero();
            assertThat(allocated).as("bytes for %d transfers", TRANSFERS).isZero();
            region.leave();
        }
    }

    private long allocated(UringDrive drive) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        long overhead = threads.getCurrentThreadAllocatedBytes() - before;
        before = threads.getCurrentThreadAllocatedBytes();
        run(drive);
        return threads.getCurrentThreadAllocatedBytes() - before - overhead;
    }

    private void run(UringDrive drive) {
        int submitted = 0;
        while (submitted < TRANSFERS || freeCount < DEPTH) {
            while (freeCount > 0 && submitted < TRANSFERS) {
                int slot = free[--freeCount];
                int operation = (submitted & 1) == 0 ? Io.READ : Io.WRITE;
                works[slot].prepare(operation, slot * 8192L, 4096, false);
                drive.submit(works[slot]);
                submitted++;
            }
            drive.poll(submitted);
        }
    }
}
