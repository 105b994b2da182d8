package io.vnvme.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.os.Errno;
import io.vnvme.os.Fd;
import io.vnvme.os.Memfd;
import io.vnvme.testkit.client.Message;
import io.vnvme.testkit.client.RegionInfo;
import io.vnvme.testkit.client.VfioUserClient;
import io.vnvme.testkit.client.VfioUserException;
import io.vnvme.testkit.client.Wire;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A drive over its socket, with clients that behave and clients that do not. */
@SuppressWarnings("try") // clients that only connect
class ServedDriveTest {
    private static final int RAM_BYTES = 8 << 20;
    private static final int ROUNDS = 20;
    private static final int WARM_UP = 20_000;
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    private Path folder;

    @SuppressWarnings("NullAway.Init")
    private ServedDrive drive;

    @BeforeEach
    void open() {
        drive = ServedDrive.open(folder.resolve("cntrl"), 16 << 20, new VfioUserEndpoint.Options(false));
    }

    @AfterEach
    void close() {
        drive.close();
        assertThat(drive.failures()).isEmpty();
        assertThat(folder).isEmptyDirectory();
    }

    private Path socket() {
        return folder.resolve("cntrl");
    }

    @Test
    void whatTheDeviceSaysOfItself() {
        try (VfioUserClient client = VfioUserClient.connect(socket())) {
            VfioUserClient.VersionReply version = client.version(null);
            assertThat(List.of(version.major(), version.minor())).containsExactly(0, 1);
            assertThat(version.json()).contains("\"pgsizes\":4096").contains("\"max_dma_maps\":65535");
            assertThat(client.deviceInfo()).isEqualTo(new VfioUserClient.DeviceInfo(3, 9, 5));
            RegionInfo small = client.regionInfo(0, 32);
            assertThat(small.argsz()).isEqualTo(64);
            assertThat(small.flags()).isEqualTo(3);
            assertThat(small.fdCount()).isZero();
            for (int argsz : new int[] {64, 0xfe0, -1}) {
                RegionInfo full = client.regionInfo(0, argsz);
                assertThat(full.flags()).isEqualTo(15);
                assertThat(full.areas()).containsExactly(new RegionInfo.Area(0x1000, 0x1000));
                assertThat(full.sizeBytes()).isEqualTo(0x4000);
                assertThat(full.fdCount()).isEqualTo(1);
            }
            assertThat(client.regionInfo(7, 32).sizeBytes()).isEqualTo(4096);
            assertThat(client.regionInfo(1, 32).sizeBytes()).isZero();
            assertThat(client.irqInfo(2)).isEqualTo(new VfioUserClient.IrqInfo(9, 2, 65));
            refused(Errno.EINVAL, () -> client.regionInfo(9, 64));
            refused(Errno.EINVAL, () -> client.regionInfo(0, 31));
            refused(Errno.EINVAL, () -> client.irqInfo(5));
            refused(Errno.EINVAL, () -> client.regionRead(0, 0x4000, 4));
            refused(Errno.EINVAL, () -> client.regionRead(0, -1, 4));
            refused(Errno.EINVAL, () -> client.regionRead(1, 0, 4));
            assertThat(client.regionRead(7, 0, 4)).containsExactly(0x4e, 0x56, 0x45, 0x4d);
        }
    }

    private static void refused(int errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        VfioUserException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    @Test
    void writesInOneMessageAndPostedWrites() {
        try (VfioUserClient client = VfioUserClient.open(socket())) {
            client.regionWriteMulti(List.of(
                    new VfioUserClient.Write(0, 0x24, 4, 0x001f_001f),
                    new VfioUserClient.Write(0, 0x28, 8, 0x1234_5678_9000L)));
            client.regionPost(0, 0x30, new byte[] {0, 0x10, 0, 0, 0, 0, 0, 0});
            assertThat(client.regionRead(0, 0x24, 20))
                    .containsExactly(
                            0x1f, 0, 0x1f, 0, 0, 0x90, 0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0);
        }
    }

    @Test
    void inputAndOutputInSharedMemory() {
        try (SocketDevice device = SocketDevice.open(socket(), RamLayout.single(RAM_BYTES), 4)) {
            inputAndOutput(device);
            assertThat(device.interrupts(1)).isPositive();
            assertThat(drive.endpoint().connections()).hasSize(1);
            assertThat(drive.endpoint().requestRelease()).isZero();
        }
    }

    @Test
    void inputAndOutputByMessages() {
        try (SocketDevice device = SocketDevice.openUnshared(socket(), RamLayout.single(RAM_BYTES), 4)) {
            inputAndOutput(device);
            assertThat(device.client().dmaRequests()).isPositive();
        }
    }

    private static void inputAndOutput(SocketDevice device) {
        NvmeDriver driver = NvmeDriver.start(device);
        QueuePair pair = driver.createPair(1, 32, 1);
        Buffer out = device.ram().allocate(256 << 10);
        Buffer in = device.ram().allocate(256 << 10);
        for (int i = 0; i < out.sizeBytes() / Long.BYTES; i++) {
            out.segment().setAtIndex(ValueLayout.JAVA_LONG, i, i * 0x9e37_79b9_7f4a_7c15L);
        }
        pair.execute(Command.write(1, 100, 512), Prp.of(out)).orThrow();
        pair.execute(Command.read(1, 100, 512), Prp.of(in)).orThrow();
        assertThat(in.segment().mismatch(out.segment())).isEqualTo(-1);
        driver.shutdown();
    }

    @Test
    void secondClientOnlyWhenAdmitted() {
        drive.clientsMax(1);
        try (VfioUserClient _ = VfioUserClient.open(socket())) {
            refused(Errno.EBUSY, () -> {
                try (VfioUserClient second = VfioUserClient.connect(socket())) {
                    second.version(null);
                }
            });
            drive.clientsMax(2);
            VfioUserClient.open(socket()).close();
        }
    }

    @Test
    void functionLevelResetAndDeviceResetInMidOperation() {
        try (SocketDevice device = SocketDevice.open(socket(), RamLayout.single(RAM_BYTES), 2)) {
            for (int round = 0; round < 3; round++) {
                NvmeDriver driver = NvmeDriver.start(device);
                QueuePair pair = driver.createPair(1, 32, 1);
                Buffer data = device.ram().allocate(4096);
                for (int i = 0; i < 16; i++) {
                    pair.start(Command.read(1, i, 8).data(Prp.of(data)));
                }
                if (round == 1) {
                    device.reset();
                } else {
                    device.client().regionWrite(Wire.REGION_CONFIG, 0x70, new byte[] {0x10, (byte) 0xa8});
                }
                assertThat(device.client().regionRead(0, 0x14, 12)).containsOnly(0);
                assertThat(device.client().regionRead(7, 4, 2)).containsExactly(0, 0);
                driver.forgetQueues();
                data.close();
            }
        }
    }

    @Test
    void everythingIsGivenBackWhenClientsVanish() {
        try (SteadyGuest guest = SteadyGuest.start(socket())) {
            Holdings before = Holdings.now();
            for (int round = 0; round < 5; round++) {
                try (SocketDevice device = SocketDevice.open(socket(), RamLayout.scattered(RAM_BYTES, 1 << 20), 20)) {
                    NvmeDriver driver = NvmeDriver.start(device);
                    QueuePair pair = driver.createPair(1, 64, 1);
                    Buffer data = device.ram().allocate(64 << 10);
                    for (int i = 0; i < 60; i++) {
                        pair.start(Command.write(1, 20_000, 128).data(Prp.of(data)));
                    }
                }
            }
            before.awaitAgain();
            guest.awaitProgress();
        }
        assertThat(drive.endings()).hasSize(6);
    }

    @Test
    void memoryUnmappedInMidOperation() {
        try (SteadyGuest guest = SteadyGuest.start(socket());
                SocketDevice device = SocketDevice.open(socket(), RamLayout.scattered(RAM_BYTES, 1 << 20), 2)) {
            NvmeDriver driver = NvmeDriver.start(device);
            QueuePair pair = driver.createPair(1, 64, 1);
            Buffer data = device.ram().allocate(64 << 10);
            for (int i = 0; i < 30; i++) {
                pair.start(Command.write(1, 20_000, 128).data(Prp.of(data)));
            }
            for (int region = 0; region < 8; region++) {
                device.unmapRegion(region);
            }
            guest.awaitProgress();
            assertThat(device.client().regionRead(0, 0x1c, 4)).hasSize(4);
        }
    }

    @Test
    void filesShrunkByTheirOwners() {
        try (SteadyGuest guest = SteadyGuest.start(socket())) {
            // Compiled code tells of faults later than interpreted code does.
            guest.awaitVerified(WARM_UP);
            for (int round = 0; round < ROUNDS; round++) {
                try (SocketDevice device = SocketDevice.open(socket(), RamLayout.single(RAM_BYTES), 2)) {
                    NvmeDriver driver = NvmeDriver.start(device);
                    QueuePair pair = driver.createPair(1, 64, 1);
                    pair.execute(Command.flush(1)).orThrow();
                    Memfd.resize(device.ram().fd(), 0);
                    // The doorbell page is no part of that file: the drive now looks at a queue that is gone.
                    MemorySegment doorbells = Objects.requireNonNull(device.doorbells());
                    for (int tail = 2; tail < 60; tail++) {
                        doorbells.set(ValueLayout.JAVA_INT, 8, tail);
                    }
                    guest.awaitProgress();
                }
            }
            guest.awaitProgress();
        }
    }

    @Test
    void clientsThatBreakTheProtocol() throws InterruptedException {
        try (SteadyGuest guest = SteadyGuest.start(socket())) {
            Holdings before = Holdings.now();
            byte[] tooLarge = Message.encode(1, Wire.REGION_WRITE, 0, 0, Integer.MAX_VALUE, new byte[16]);
            byte[] tooSmall = Message.encode(1, Wire.REGION_WRITE, 0, 0, 15, new byte[16]);
            byte[] unasked = Message.encode(1, Wire.DMA_READ, Wire.TYPE_REPLY, 0, 16, new byte[0]);
            byte[] noType = Message.encode(1, Wire.DEVICE_RESET, 2, 0, 16, new byte[0]);
            for (byte[] bytes : List.of(tooLarge, tooSmall, unasked, noType)) {
                try (VfioUserClient client = VfioUserClient.open(socket());
                        Fd file = Memfd.create("unwanted", 4096)) {
                    client.calls().channel().send(bytes, file.number());
                    assertThat(client.calls().awaitGone(LIMIT)).isTrue();
                }
            }
            try (VfioUserClient client = VfioUserClient.open(socket());
                    Fd file = Memfd.create("unwanted", 4096)) {
                client.calls().channel().send(new byte[] {1, 0, 2, 0, 48}, file.number());
            }
            before.awaitAgain();
            guest.awaitProgress();
        }
    }

    @Test
    void descriptorsThatNobodyNeeds() {
        try (VfioUserClient client = VfioUserClient.open(socket());
                Fd file = Memfd.create("unwanted", 8192)) {
            client.dmaMap(0, 4096, 0, 3, file.number());
            Holdings before = Holdings.now();
            client.dmaMap(0x1_0000, 4096, 4096, 3, file.number(), file.number(), file.number());
            client.dmaUnmap(0x1_0000, 4096, file.number());
            refused(Errno.EEXIST, () -> client.dmaMap(0, 8192, 0, 3, file.number()));
            refused(Errno.EINVAL, () -> client.dmaMap(0x2_0000, 8192, 8192, 3, file.number()));
            refused(Errno.EINVAL, () -> client.setIrqs(0x24, 2, 0, 1, new byte[0], file.number()));
            before.awaitAgain();
        }
    }
}
