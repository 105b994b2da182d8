package io.vnvme.testkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.pool.PoolVolume;
import io.vnvme.pool.format.Layout;
import io.vnvme.testkit.sim.SimClock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The data path of a thin volume allocates nothing, once it has met each kind of work. */
final class PoolAllocationTest {
    private static final long VOLUME_BYTES = 32 << 20;
    private static final int BLOCKS = (int) (VOLUME_BYTES >>> 12);
    private static final int ATTEMPTS = 30;
    private static final int PASSES = 8;

    private final RamDrive drive = RamDrive.create("d0", 128 << 20);
    private final SimPool pool = new SimPool(new SimClock(), Layout.CONCAT, 4 << 20, List.of(drive));
    private final MemorySegment memory = Arena.ofAuto().allocate(128 << 10, 4096);
    private final Io io = new Io((_, _) -> {
        throw new IllegalStateException("memory answers at once");
    });

    @BeforeEach
    void volume() {
        pool.create("v", VOLUME_BYTES);
    }

    @AfterEach
    void close() {
        pool.crash();
        drive.close();
    }

    private void run(PoolVolume volume, int operation, long offset, long length) {
        io.prepare(operation, offset, length, false);
        io.data().clear();
        io.data().add(memory, 0, length);
        if (volume.submit(io) != IoStatus.OK) {
            throw new IllegalStateException("operation %d at %d".formatted(operation, offset));
        }
    }

    private void all(PoolVolume volume, int operation, int length) {
        for (long at = 0; at < VOLUME_BYTES; at += length) {
            run(volume, operation, at, length);
        }
        pool.step();
    }

    /** Compiling anew in mid-run puts objects back that compiled code had done without; and then never again. */
    private static void assertNothing(String what, Runnable work) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long allocated = Long.MAX_VALUE;
        for (int attempt = 0; attempt < ATTEMPTS && allocated != 0; attempt++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            long overhead = threads.getCurrentThreadAllocatedBytes() - before;
            before = threads.getCurrentThreadAllocatedBytes();
            work.run();
            allocated = threads.getCurrentThreadAllocatedBytes() - before - overhead;
        }
        assertThat(allocated).as(what).isZero();
    }

    @Test
    void readsAndOverwrites() {
        PoolVolume volume = pool.volume("v");
        all(volume, Io.WRITE, 64 << 10);
        for (int length : new int[] {4096, 512, 128 << 10}) {
            assertNothing("reads of " + length, () -> {
                for (int pass = 0; pass < PASSES; pass++) {
                    all(volume, Io.READ, length);
                }
            });
            assertNothing("overwrites of " + length, () -> {
                for (int pass = 0; pass < PASSES; pass++) {
                    all(volume, Io.WRITE, length);
                }
            });
        }
    }

    /** Each pass is into a volume of its own: what first writes need for good, such as leaves, comes once a mebibyte. */
    @Test
    void firstWrites() {
        long perMebibyte = Long.MAX_VALUE;
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int attempt = 0; attempt < ATTEMPTS && perMebibyte > 100; attempt++) {
            pool.create("h", VOLUME_BYTES);
            PoolVolume volume = pool.volume("h");
            run(volume, Io.WRITE, 0, 4096);
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int block = 1; block < BLOCKS; block++) {
                run(volume, Io.WRITE, (long) block << 12, 4096);
            }
            perMebibyte = (threads.getCurrentThreadAllocatedBytes() - before) / (VOLUME_BYTES >>> 20);
            pool.run(done -> pool.pool().operations().remove("h", done));
            pool.settle();
        }
        assertThat(perMebibyte).as("bytes for 256 first writes").isLessThanOrEqualTo(100);
    }

    @Test
    void flushesWithNothingChanged() {
        PoolVolume volume = pool.volume("v");
        all(volume, Io.WRITE, 64 << 10);
        assertNothing("flushes", () -> {
            for (int i = 0; i < 100_000; i++) {
                run(volume, Io.WRITE, 4096, 4096);
                run(volume, Io.FLUSH, 0, 0);
            }
        });
    }
}
