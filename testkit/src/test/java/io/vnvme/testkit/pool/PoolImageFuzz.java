package io.vnvme.testkit.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.pool.PoolCheck;
import io.vnvme.pool.PoolException;
import io.vnvme.pool.format.Checksum;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.Layout;
import io.vnvme.pool.format.Superblock;
import io.vnvme.testkit.seed.FuzzLoop;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.SimClock;
import io.vnvme.testkit.sim.SimDrive;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Damaged pools: bits turned, blocks exchanged, cleared or copied, and numbers changed - of superblocks, catalog, maps and
 * journal - under checksums that are right. Each is refused by a line, or used: never another exception, never without end.
 */
class PoolImageFuzz {
    private static final long DRIVE_BYTES = 8 << 20;
    private static final long JOURNAL_BYTES = 64 << 10;
    private static final int BLOCK = Geometry.BLOCK_BYTES;
    private static final long DATA =
            Geometry.dataOffset(Geometry.clusterCount(DRIVE_BYTES, JOURNAL_BYTES), JOURNAL_BYTES);
    private static final int CATALOG_CHECKSUM = 312;
    private static final int CATALOG_FIRST_CLUSTER = 2560;
    private static final int FRAME_MAGIC = 0x6a564e76;

    private int refused;
    private int used;

    @Test
    void damagedPoolsAreRefusedOrUsed() {
        byte[] closed = image(true);
        byte[] cut = image(false);
        FuzzLoop.run("PoolImageFuzz", random -> round(random, random.nextBoolean() ? closed : cut));
        assertThat(refused + used).isPositive();
    }

    /** A pool with volumes, a snapshot and a clone, closed or left as by a crash with a journal to replay. */
    private static byte[] image(boolean close) {
        SimClock clock = new SimClock();
        SimDrive drive = new SimDrive("d", DRIVE_BYTES, 512, clock, Faults.NONE, new SplittableRandom(1));
        SimPool pool = new SimPool(clock, Layout.CONCAT, JOURNAL_BYTES, List.of(drive));
        pool.create("v", 4 << 20);
        byte[] data = new byte[300_000 & -512];
        new SplittableRandom(2).nextBytes(data);
        pool.write("v", 0, data);
        pool.run(done -> pool.pool().operations().snapshot("v", "s", new UUID(1, 1), 0, done));
        pool.run(done -> pool.pool().operations().clone("v@s", "c", new UUID(1, 2), 0, done));
        pool.write("c", 4096, data);
        pool.close();
        pool.open();
        pool.write("v", 8192, data);
        pool.discard("c", 65_536, 65_536);
        pool.flush("v");
        if (close) {
            pool.close();
        } else {
            pool.crash();
        }
        byte[] image = drive.memory().toArray(ValueLayout.JAVA_BYTE);
        drive.close();
        return image;
    }

    private void round(SplittableRandom random, byte[] image) {
        SimClock clock = new SimClock();
        try (SimDrive drive = new SimDrive("d", DRIVE_BYTES, 512, clock, Faults.NONE, new SplittableRandom(1))) {
            SimPool pool = new SimPool(clock, Layout.CONCAT, JOURNAL_BYTES, List.of(drive));
            pool.crash();
            MemorySegment.copy(image, 0, drive.memory(), ValueLayout.JAVA_BYTE, 0, image.length);
            for (int i = 1 + random.nextInt(3); i > 0; i--) {
                damage(random, drive.memory());
            }
            try {
                PoolCheck.run(pool.scan());
                pool.open();
                use(pool);
                used++;
            } catch (PoolException e) {
                assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
                refused++;
            }
        }
    }

    private static void use(SimPool pool) {
        for (var layer : pool.pool().operations().list()) {
            if (!layer.name().contains("@")) {
                pool.read(layer.name(), 0, (int) Math.min(layer.sizeBytes(), 1 << 20));
                pool.write(layer.name(), 0, new byte[4096]);
                pool.flush(layer.name());
            }
        }
        for (int i = 0; i < 100; i++) {
            pool.step();
        }
        pool.crash();
    }

    private static void damage(SplittableRandom random, MemorySegment drive) {
        switch (random.nextInt(9)) {
            case 0 -> turn(random, drive, metadata(random), BLOCK);
            case 1 -> drive.asSlice(metadata(random), BLOCK).fill((byte) (random.nextBoolean() ? 0 : 0xff));
            case 2 -> MemorySegment.copy(drive, metadata(random), drive, metadata(random), BLOCK);
            case 3, 4 -> superblock(random, drive);
            case 5 -> frame(random, drive);
            case 6 -> catalog(random, drive, false);
            default -> catalog(random, drive, true);
        }
    }

    private static long metadata(SplittableRandom random) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextBoolean() ? 0 : Geometry.secondSuperblock(DRIVE_BYTES);
            case 1 -> Geometry.JOURNAL_OFFSET + random.nextInt(16) * (long) BLOCK;
            default -> DATA + random.nextInt(400) * (long) BLOCK;
        };
    }

    private static void turn(SplittableRandom random, MemorySegment drive, long at, int length) {
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            long where = at + random.nextInt(length);
            byte before = drive.get(ValueLayout.JAVA_BYTE, where);
            drive.set(ValueLayout.JAVA_BYTE, where, (byte) (before ^ 1 << random.nextInt(8)));
        }
    }

    /** Both superblocks with the same nonsense and a checksum that is right. */
    private static void superblock(SplittableRandom random, MemorySegment drive) {
        MemorySegment first = drive.asSlice(0, Superblock.SIZE);
        turn(random, first, 12, random.nextBoolean() ? 600 : 2600);
        sealSuperblock(first);
        drive.asSlice(Geometry.secondSuperblock(DRIVE_BYTES), Superblock.SIZE).copyFrom(first);
    }

    private static void frame(SplittableRandom random, MemorySegment drive) {
        long at = Geometry.JOURNAL_OFFSET + random.nextInt(16) * (long) BLOCK;
        if (drive.get(ValueLayout.JAVA_INT, at) == FRAME_MAGIC) {
            MemorySegment frame = drive.asSlice(at, BLOCK);
            turn(random, frame, random.nextInt(3) == 0 ? 8 : 64, 300);
            seal(frame, 4, BLOCK);
        }
    }

    /** @param maps what it refers to is damaged, and it says the checksums of that */
    private static void catalog(SplittableRandom random, MemorySegment drive, boolean maps) {
        MemorySegment superblock = drive.asSlice(0, Superblock.SIZE);
        long length = superblock.get(ValueLayout.JAVA_LONG, 304);
        long cluster = Integer.toUnsignedLong(superblock.get(ValueLayout.JAVA_INT, CATALOG_FIRST_CLUSTER));
        long at = DATA + cluster * Geometry.CLUSTER_BYTES;
        if (length <= 0 || length > Geometry.CLUSTER_BYTES || at + length > DRIVE_BYTES) {
            return;
        }
        if (!maps) {
            turn(random, drive, at, (int) length);
        } else if (!new MapDamage(random, drive, DATA).damage(at, length)) {
            return;
        }
        superblock.set(ValueLayout.JAVA_INT, CATALOG_CHECKSUM, Checksum.of(drive, at, length));
        sealSuperblock(superblock);
        drive.asSlice(Geometry.secondSuperblock(DRIVE_BYTES), Superblock.SIZE).copyFrom(superblock);
    }

    /** The checksum is in every sector. */
    private static void sealSuperblock(MemorySegment block) {
        block.set(ValueLayout.JAVA_INT, 8, 0);
        for (int at = 1020; at < Superblock.SIZE; at += 512) {
            block.set(ValueLayout.JAVA_INT, at, 0);
        }
        int checksum = Checksum.of(block, 0, Superblock.SIZE);
        block.set(ValueLayout.JAVA_INT, 8, checksum);
        for (int at = 1020; at < Superblock.SIZE; at += 512) {
            block.set(ValueLayout.JAVA_INT, at, checksum);
        }
    }

    private static void seal(MemorySegment structure, int checksumAt, int length) {
        structure.set(ValueLayout.JAVA_INT_UNALIGNED, checksumAt, Checksum.around(structure, 0, length, checksumAt));
    }
}
