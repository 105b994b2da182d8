package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.vnvme.control.model.UpgradeInfo;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Status;
import io.vnvme.os.Fd;
import io.vnvme.os.SecretMemory;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.seed.Seed;
import io.vnvme.testkit.tcp.HostOptions;
import io.vnvme.testkit.tcp.HostQueue;
import io.vnvme.testkit.tcp.TcpHost;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The daemon is killed at any instruction while guests use its drives, and another takes its place: each command completes
 * once and without an error, and what is read is what was written. {@code -Dvnvme.kills=200} is the long version.
 */
class HeldDaemonIT {
    private static final int KILLS = Integer.getInteger("vnvme.kills", 5);
    private static final int VECTORS = 8;

    @TempDir
    Path folder;

    /** How the guest reaches doorbells and memory. */
    enum Way {
        MAPPED,
        TRAPPED,
        UNSHARED;

        SocketDevice open(Path socket) {
            RamLayout layout = RamLayout.scattered(16 << 20, 4 << 20);
            return switch (this) {
                case MAPPED -> SocketDevice.open(socket, layout, VECTORS);
                case TRAPPED -> SocketDevice.openTrapped(socket, layout, VECTORS);
                case UNSHARED -> SocketDevice.openUnshared(socket, layout, VECTORS);
            };
        }
    }

    private interface End {
        void end(DaemonUnderTest daemon, long pid) throws IOException, InterruptedException;
    }

    private static void kill(DaemonUnderTest daemon, long pid) {
        assertThat(ProcessHandle.of(pid).orElseThrow().destroyForcibly()).isTrue();
    }

    private static void upgrade(DaemonUnderTest daemon, long pid) {
        UpgradeInfo upgrade = daemon.api().read(daemon.api().post("/api/v1/system/upgrade"), UpgradeInfo.class);
        assertThat(upgrade.pid()).isEqualTo(pid);
    }

    @ParameterizedTest
    @EnumSource
    void aGuestDoesNotNotice(Way way) throws IOException, InterruptedException {
        try (DaemonUnderTest daemon = DaemonUnderTest.held(folder, true)) {
            endUnderLoad(
                    daemon, way, HeldDaemonIT::kill, folder.resolve("drive.img").toString(), "--size", "64M");
        }
    }

    @Test
    void aGuestDoesNotNoticeAnUpgrade() throws IOException, InterruptedException {
        try (DaemonUnderTest daemon = DaemonUnderTest.held(folder, true)) {
            endUnderLoad(
                    daemon,
                    Way.MAPPED,
                    HeldDaemonIT::upgrade,
                    folder.resolve("drive.img").toString(),
                    "--size",
                    "64M");
            assertThat(daemon.vnvme("upgrade")).contains("serves; before: vnvme");
            assertThat(daemon.vnvme("events")).contains("upgraded");
        }
    }

    /** What the guest has in use is not let go because its pool cannot be opened just then. */
    @Test
    void aGuestWaitsForADriveThatIsAway() throws IOException, InterruptedException {
        Path drive = folder.resolve("drive.img");
        // Where nobody looks for it.
        Path away = Files.createDirectory(folder.resolve("elsewhere")).resolve("drive.img");
        try (DaemonUnderTest daemon = DaemonUnderTest.held(folder, true)) {
            endUnderLoad(
                    daemon,
                    Way.MAPPED,
                    (d, pid) -> {
                        move(drive, away);
                        kill(d, pid);
                        d.serving(pid);
                        assertThat(d.vnvme("events")).contains("pool-unavailable");
                        assertThat(d.refused("pool", "destroy", "pool0", "--force", "--yes"))
                                .contains("a guest has d1 and waits until it is served");
                        assertThat(d.refused("rm", "d1", "--yes"))
                                .contains("a guest has d1 and waits until it is served");
                        assertThatThrownBy(() -> d.api().post("/api/v1/system/upgrade"))
                                .hasMessageContaining("guests wait for vNVMe d1: ")
                                .hasMessageContaining("bring that back first");
                        move(away, drive);
                    },
                    drive.toString(),
                    "--size",
                    "64M");
        }
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aDriveInMemoryKeepsWhatIsInIt() throws IOException, InterruptedException {
        try (DaemonUnderTest daemon = DaemonUnderTest.held(folder, false, "--ram", "1x64M")) {
            endUnderLoad(daemon, Way.MAPPED, HeldDaemonIT::kill, "ram0");
        }
    }

    /** Nobody could be asked for it at that time. */
    @Test
    void anEncryptedDriveGoesOnWithoutItsPassphrase() throws IOException, InterruptedException {
        Optional<Fd> secret = SecretMemory.create(4096);
        assumeThat(secret).as("the kernel has memory for secrets").isPresent();
        secret.ifPresent(Fd::close);
        try (DaemonUnderTest daemon = DaemonUnderTest.held(folder, true)) {
            daemon.vnvme("drive", "claim", folder.resolve("drive.img").toString(), "--size", "64M");
            Path passphrase = Files.writeString(folder.resolve("passphrase"), "a long passphrase\n");
            daemon.vnvmeWith(passphrase, "create", "d1", "--size", "32M", "--encrypt");
            AtomicInteger ends = new AtomicInteger();
            loadD1(daemon, Way.MAPPED, (d, pid) -> {
                if (ends.getAndIncrement() % 2 == 0) {
                    kill(d, pid);
                } else {
                    upgrade(d, pid);
                }
            });
            daemon.vnvme("rm", "d1", "--yes");
        }
    }

    /** It would not outlive a power loss, but its host has noticed none. */
    @Test
    void aReservationOutlivesTheDaemon() throws IOException, InterruptedException {
        HostOptions holder = HostOptions.usual();
        HostOptions other = holder.named(holder.hostNqn() + "2", new UUID(2, 2));
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        try (DaemonUnderTest daemon = DaemonUnderTest.held(folder, true, "--tcp", "127.0.0.1:" + port)) {
            daemon.vnvme("drive", "claim", folder.resolve("drive.img").toString(), "--size", "64M");
            daemon.vnvme("create", "d1", "--size", "32M", "--host", holder.hostNqn());
            daemon.vnvme("host", "allow", "d1", other.hostNqn());
            String nqn = daemon.api()
                    .read(daemon.api().get("/api/v1/vnvmes/d1"), VnvmeInfo.class)
                    .nqn();
            InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            long before = daemon.serving(0);
            try (TcpHost host = TcpHost.connect(address, nqn, holder)) {
                HostQueue queue = host.ioQueue(32);
                queue.execute(Command.of(IoOpcode.RESERVATION_REGISTER).nsid(1), keys(0, 7))
                        .orThrow();
                queue.execute(Command.of(IoOpcode.RESERVATION_ACQUIRE).nsid(1).dword(10, 1 << 8), keys(7, 0))
                        .orThrow();
                kill(daemon, before);
                daemon.serving(before);
            }
            try (TcpHost stranger = TcpHost.connect(address, nqn, other);
                    TcpHost host = TcpHost.connect(address, nqn, holder)) {
                assertThat(stranger.ioQueue(32)
                                .execute(Command.write(1, 0, 1), new byte[512])
                                .completion()
                                .typeAndCode())
                        .isEqualTo(Status.typeAndCode(Status.RESERVATION_CONFLICT));
                host.ioQueue(32).execute(Command.write(1, 0, 1), new byte[512]).orThrow();
            }
        }
    }

    private static byte[] keys(long current, long next) {
        return ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(current)
                .putLong(next)
                .array();
    }

    private void endUnderLoad(DaemonUnderTest daemon, Way way, End end, String... claim)
            throws IOException, InterruptedException {
        List<String> claiming = new ArrayList<>(List.of("drive", "claim"));
        claiming.addAll(List.of(claim));
        daemon.vnvme(claiming.toArray(String[]::new));
        daemon.vnvme("create", "d1", "--size", "32M");
        loadD1(daemon, way, end);
    }

    private void loadD1(DaemonUnderTest daemon, Way way, End end) throws IOException, InterruptedException {
        SplittableRandom random = Seed.ofRun("HeldDaemonIT").random();
        try (SocketDevice device = way.open(daemon.socket("d1"))) {
            NvmeDriver driver = NvmeDriver.start(device);
            VerifiedLoad load = new VerifiedLoad(driver, random.split());
            AtomicBoolean enough = new AtomicBoolean();
            CompletableFuture<Void> running = CompletableFuture.runAsync(
                    () -> load.run(enough::get), task -> Thread.ofPlatform().start(task));
            long before = 0;
            for (int kill = 0; kill < KILLS && !running.isDone(); kill++) {
                long pid = daemon.serving(before);
                long done = load.completed();
                while (load.completed() < done + 200 && !running.isDone()) {
                    Thread.sleep(1);
                }
                Thread.sleep(random.nextInt(100));
                end.end(daemon, pid);
                before = pid;
            }
            daemon.serving(before);
            long done = load.completed();
            while (load.completed() < done + 200 && !running.isDone()) {
                Thread.sleep(1);
            }
            enough.set(true);
            running.join();
            System.out.printf(
                    "HeldDaemonIT %s: %d ends, %d commands, longest gaps %s ms%n",
                    way, KILLS, load.completed(), load.longestGapsMs(KILLS));
            assertThat(load.failures()).as(String.join("\n", daemon.words())).isEmpty();
            driver.disable();
        }
    }
}
