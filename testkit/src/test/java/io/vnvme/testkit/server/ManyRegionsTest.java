package io.vnvme.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.os.Memfd;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.PolledIo;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Memory as polled clients map it: piece by piece, 2 MiB or 4 KiB each, every piece with a descriptor of its own at an
 * offset, side by side or with gaps; also pieces that nobody uses, before and behind.
 */
class ManyRegionsTest {
    private static final long DRIVE_BYTES = 64 << 20;
    private static final int DEPTH = 16;
    private static final int BLOCK = 512;
    private static final int TRANSFER = 128 << 10;
    private static final long FAR_IOVA = 0x7f00_0000_0000L;
    private static final long UNUSED_IOVA = 0x1000_0000L;

    @TempDir
    Path folder;

    private ServedDrive served;
    private Path socket;

    @BeforeEach
    void setUp() {
        socket = folder.resolve("cntrl");
        served = ServedDrive.open(socket, DRIVE_BYTES, new VfioUserEndpoint.Options(false));
    }

    @AfterEach
    void tearDown() {
        served.close();
        assertThat(served.failures()).isEmpty();
    }

    static List<RamLayout> layouts() {
        return List.of(
                RamLayout.adjacent(64 << 20, 2 << 20),
                RamLayout.scattered(64 << 20, 2 << 20),
                RamLayout.adjacent(8 << 20, 4096),
                RamLayout.scattered(8 << 20, 64 << 10),
                new RamLayout(16 << 20, 2 << 20, FAR_IOVA, 6 << 20),
                new RamLayout(8 << 20, 4096, FAR_IOVA + 4096, 4096));
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void dataArrivesWhateverTheMemoryIsMadeOf(RamLayout layout) {
        try (SocketDevice device = SocketDevice.open(socket, layout, 0)) {
            NvmeDriver driver = NvmeDriver.start(device);
            // Queues are contiguous: in the smallest pieces they have 64 entries.
            QueuePair pair = driver.createPair(1, 64, -1);
            try (Buffer data = device.ram().allocate((long) DEPTH * TRANSFER)) {
                PolledIo io = new PolledIo(pair, 1, data, DEPTH, TRANSFER / BLOCK, BLOCK);
                fill(data, 1);
                for (int slot = 0; slot < DEPTH; slot++) {
                    io.write(slot, (long) slot * TRANSFER / BLOCK);
                }
                end(driver, io);
                data.segment().fill((byte) 0);
                for (int slot = 0; slot < DEPTH; slot++) {
                    io.read(slot, (long) slot * TRANSFER / BLOCK);
                }
                end(driver, io);
                assertThat(io.errors()).isZero();
                check(data, 1);
                io.finish();
            }
        }
    }

    /** Pieces come and go while others are in use, as when a client's memory grows and shrinks. */
    @Test
    void piecesComeAndGoBesideThoseInUse() {
        SplittableRandom random = new SplittableRandom(1);
        RamLayout layout = RamLayout.adjacent(32 << 20, 2 << 20);
        try (SocketDevice device = SocketDevice.open(socket, layout, 0);
                var spare = Memfd.create("spare", 64 << 20)) {
            NvmeDriver driver = NvmeDriver.start(device);
            QueuePair pair = driver.createPair(1, 64, -1);
            try (Buffer data = device.ram().allocateContiguous(4096)) {
                for (int i = 0; i < 300; i++) {
                    boolean large = random.nextBoolean();
                    long size = large ? 2 << 20 : 4096;
                    long offset = random.nextLong((64 << 20) / size) * size;
                    long iova = UNUSED_IOVA + random.nextLong(8) * (2 << 20);
                    device.client().dmaMap(iova, size, offset, 3, spare.number());
                    fill(data, i);
                    pair.execute(Command.write(1, i * 8L, 8), Prp.of(data)).orThrow();
                    device.client().dmaUnmap(iova, size);
                    data.segment().fill((byte) 0);
                    pair.execute(Command.read(1, i * 8L, 8), Prp.of(data)).orThrow();
                    check(data, i);
                }
            }
        }
    }

    private static void end(NvmeDriver driver, PolledIo io) {
        int[] ended = {0};
        io.ring();
        driver.until("transfers", () -> {
            ended[0] += io.poll();
            return ended[0] == DEPTH;
        });
    }

    private static void fill(Buffer data, int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (long i = 0; i < data.sizeBytes() / Long.BYTES; i++) {
            data.segment().setAtIndex(ValueLayout.JAVA_LONG, i, random.nextLong());
        }
    }

    private static void check(Buffer data, int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (long i = 0; i < data.sizeBytes() / Long.BYTES; i++) {
            assertThat(data.segment().getAtIndex(ValueLayout.JAVA_LONG, i)).isEqualTo(random.nextLong());
        }
    }
}
