package io.vnvme.testkit.mirror;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.pool.format.Checksum;
import io.vnvme.pool.mirror.AllocatedRanges;
import io.vnvme.pool.mirror.MirrorException;
import io.vnvme.pool.mirror.MirrorImage;
import io.vnvme.pool.mirror.MirrorListener;
import io.vnvme.pool.mirror.MirrorLoader;
import io.vnvme.pool.mirror.MirrorSet;
import io.vnvme.testkit.seed.FuzzLoop;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.SimClock;
import io.vnvme.testkit.sim.SimDrive;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/**
 * Damaged records of mirrors: headers and pages with bits turned, cleared, exchanged, with checksums that are right or not.
 * Each is refused by a line, or used; then what is read is what was written, since all replicas have it.
 */
final class MirrorImageFuzz {
    private static final long SIZE = 1 << 20;
    private static final int BLOCK = 4096;
    private static final int AREA_BLOCKS = 15;
    private static final int HEADERS = 2;
    private static final long DATA = 64 << 10;
    private static final int STEPS_MAX = 200_000;

    private int refused;
    private int used;

    @Test
    void damagedRecordsAreRefusedOrUsed() {
        FuzzLoop.run("MirrorImageFuzz", this::round);
        assertThat(refused).isPositive();
        assertThat(used).isPositive();
    }

    private void round(SplittableRandom random) {
        SimClock clock = new SimClock();
        List<SimDrive> drives = new ArrayList<>();
        int count = 2 + random.nextInt(2);
        for (int i = 0; i < count; i++) {
            drives.add(new SimDrive("d" + i, SIZE, 512, clock, Faults.NONE, random.split()));
        }
        byte[] content = new byte[(int) (SIZE - DATA - BLOCK)];
        random.nextBytes(content);
        try (Arena arena = Arena.ofConfined()) {
            MirrorLoader.create(new UUID(1, 2), blocking(drives, clock));
            for (SimDrive drive : drives) {
                MemorySegment.copy(content, 0, drive.memory(), ValueLayout.JAVA_BYTE, DATA, content.length);
            }
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                damage(random, drives);
            }
            try {
                use(clock, drives, arena, content);
                used++;
            } catch (MirrorException e) {
                assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
                refused++;
            }
        } finally {
            drives.forEach(SimDrive::close);
        }
    }

    private static List<BlockingDrive> blocking(List<SimDrive> drives, SimClock clock) {
        return drives.stream()
                .map(drive -> new BlockingDrive(drive, clock, () -> clock.advance(1_000)))
                .toList();
    }

    private static void damage(SplittableRandom random, List<SimDrive> drives) {
        MemorySegment drive = drives.get(random.nextInt(drives.size())).memory();
        boolean header = random.nextBoolean();
        long at = BLOCK * (1L + (header ? random.nextInt(HEADERS) : random.nextInt(AREA_BLOCKS)));
        MemorySegment block = drive.asSlice(at, BLOCK);
        switch (random.nextInt(5)) {
            case 0 -> block.fill((byte) (random.nextBoolean() ? 0 : 0xff));
            case 1 -> block.copyFrom(drive.asSlice(BLOCK * (1L + random.nextInt(AREA_BLOCKS)), BLOCK));
            default -> {
                for (int i = 1 + random.nextInt(3); i > 0; i--) {
                    long where = random.nextInt(header ? 8 + 32 * 4 + 64 : BLOCK);
                    block.set(ValueLayout.JAVA_BYTE, where, (byte)
                            (block.get(ValueLayout.JAVA_BYTE, where) ^ 1 << random.nextInt(8)));
                }
            }
        }
        if (random.nextInt(4) != 0) {
            int checksum = at < BLOCK * (1L + HEADERS) ? 8 : 0;
            block.set(ValueLayout.JAVA_INT, checksum, Checksum.around(block, 0, BLOCK, checksum));
        }
        if (random.nextInt(4) == 0) {
            // All replicas say the same nonsense.
            drives.forEach(other -> other.memory().asSlice(at, BLOCK).copyFrom(block));
        }
    }

    private static void use(SimClock clock, List<SimDrive> drives, Arena arena, byte[] content) {
        List<Optional<BlockingDrive>> there =
                blocking(drives, clock).stream().map(Optional::of).toList();
        MirrorImage image = MirrorLoader.load(there);
        if (!image.apart().isEmpty()) {
            return; // whoever opens a pool refuses that
        }
        List<Optional<Drive>> slots =
                drives.stream().map(drive -> Optional.<Drive>of(drive)).toList();
        MirrorSet set = new MirrorSet("m", image, slots, new Untold(), AllocatedRanges.ALL);
        MemorySegment buffer = arena.allocate(content.length, BLOCK);
        int read = io(clock, set, Io.READ, DATA, buffer);
        if (read == IoStatus.OK) {
            assertThat(buffer.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content);
        }
        // A size that the header makes smaller ends before the data does.
        assertThat(read == IoStatus.OK || set.sizeBytes() < SIZE).isTrue();
        io(clock, set, Io.WRITE, DATA, buffer.asSlice(0, BLOCK));
        io(clock, set, Io.FLUSH, 0, MemorySegment.NULL);
        for (int i = 0; i < 200; i++) {
            clock.advance(1_000_000);
            set.poll(clock.nowNs());
        }
    }

    private static int io(SimClock clock, MirrorSet set, int operation, long offset, MemorySegment memory) {
        int[] status = {IoStatus.PENDING};
        Io io = new Io((_, ended) -> status[0] = ended);
        io.prepare(operation, offset, memory.byteSize(), false);
        if (memory.byteSize() > 0) {
            io.data().add(memory, 0, memory.byteSize());
        }
        if (offset + memory.byteSize() > set.sizeBytes()) {
            return IoStatus.READ_ERROR; // the pool above checks its ranges when it is loaded
        }
        int answer = set.submit(io);
        if (answer != IoStatus.PENDING) {
            return answer;
        }
        for (int i = 0; i < STEPS_MAX && status[0] == IoStatus.PENDING; i++) {
            clock.advance(10_000);
            set.poll(clock.nowNs());
        }
        assertThat(status[0]).as("it ends").isNotEqualTo(IoStatus.PENDING);
        return status[0];
    }

    private static final class Untold implements MirrorListener {
        @Override
        public void replicaFailed(int slot, int status) {}

        @Override
        public void replicaCurrent(int slot) {}

        @Override
        public void rebuildFailed(int slot, long offsetBytes, long lengthBytes) {}

        @Override
        public void repaired(int slot, long offsetBytes, long lengthBytes) {}

        @Override
        public void stopped() {}
    }
}
