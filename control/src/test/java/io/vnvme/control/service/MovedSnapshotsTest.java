package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.ExportVolume;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.KeySource;
import io.vnvme.control.model.MoveVnvme;
import io.vnvme.control.model.PoolInfo;
import io.vnvme.control.model.ResizeVnvme;
import io.vnvme.control.model.TcpAccess;
import io.vnvme.control.model.UnlockVnvme;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.control.store.JobPlan;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.tcp.HostOptions;
import io.vnvme.testkit.tcp.TcpHost;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Volumes that move with their snapshots, in pools of the engine: what is read there is what was written. */
@Timeout(240)
final class MovedSnapshotsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final KeySource PASSPHRASE = new KeySource(null, "correct horse");
    private static final int BLOCK = 512;
    private static final int TEXT_BYTES = 4096;

    @TempDir
    Path folder;

    private Services services;
    private InetSocketAddress address = new InetSocketAddress(0);

    @BeforeEach
    void start() {
        open();
        for (String name : List.of("a", "b")) {
            services.drives().claim(ClaimDrive.of(drive(name).toString(), 64 * MIB, "drive-" + name, false));
            services.pools().create(new CreatePool(name, List.of("drive-" + name), null));
        }
    }

    private Path drive(String pool) {
        return folder.resolve(pool + ".img");
    }

    private void open() {
        EngineDataPlane plane = EngineDataPlane.start(ReactorSettings.of(1, Idle.policy()));
        services = new Services(
                new ServiceSetup("test", folder, folder, List.of(), Duration.ofMillis(200))
                        .withTcp(List.of(TcpPort.parse("127.0.0.1:0"))),
                plane);
        address = plane.tcpPorts().getFirst().address();
    }

    @AfterEach
    void stop() {
        services.close();
    }

    private void make(long sizeBytes, boolean checksum, @Nullable KeySource key) {
        TcpAccess access = new TcpAccess(null, List.of(HostOptions.usual().hostNqn()));
        services.vnvmes()
                .create(new CreateVnvme(
                        "d", sizeBytes, "a", false, false, BLOCK, checksum, null, key, null, false, access));
    }

    private TcpHost host() {
        return TcpHost.connect(address, services.vnvmes().show("d").nqn(), HostOptions.usual());
    }

    private static byte[] text(String letter) {
        return letter.repeat(TEXT_BYTES).getBytes(StandardCharsets.UTF_8);
    }

    private void write(long offsetBytes, String letter) {
        try (TcpHost host = host()) {
            host.ioQueue(32)
                    .execute(Command.write(1, offsetBytes / BLOCK, TEXT_BYTES / BLOCK), text(letter))
                    .orThrow();
        }
    }

    private byte[] read(long offsetBytes) {
        try (TcpHost host = host()) {
            return host.ioQueue(32)
                    .read(Command.read(1, offsetBytes / BLOCK, TEXT_BYTES / BLOCK), TEXT_BYTES)
                    .orThrow()
                    .data();
        }
    }

    private byte[] content(String source, @Nullable KeySource key) throws IOException {
        Path file = folder.resolve("content-" + System.nanoTime());
        ended(services.transfers().export(new ExportVolume(source, file.toString(), "raw", key)), "done");
        return Files.readAllBytes(file);
    }

    private JobInfo ended(JobInfo begun, String state) {
        JobInfo job = services.jobs().show(begun.id(), LIMIT);
        assertThat(job.state()).as(job.result()).isEqualTo(state);
        return job;
    }

    /** A move that the daemon's end interrupts at once. */
    private JobInfo interruptedMove() {
        JobPlan plan =
                new JobPlan.Move(id("a"), id("b"), services.vnvmes().show("d").uuid(), true);
        return services.jobs().start(plan, "d", true, progress -> {
            while (!progress.cancelled()) {
                Thread.onSpinWait();
            }
            throw new CancellationException();
        });
    }

    private String id(String pool) {
        PoolInfo info = services.pools().show(pool);
        return info.uuid();
    }

    /** Sizes go up and down from one to the next; what lay behind an end is never the volume's again. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void eachHasItsSize(boolean encrypted) throws IOException {
        KeySource key = encrypted ? PASSPHRASE : null;
        make(8 * MIB, encrypted, key);
        write(MIB, "a");
        services.snapshots().take("d", "small");
        services.vnvmes().resize("d", new ResizeVnvme(16 * MIB, false));
        write(2 * MIB, "b");
        write(12 * MIB, "t");
        services.snapshots().take("d", "large");
        services.snapshots().rollback("d", "small");
        write(3 * MIB, "c");
        List<byte[]> before = List.of(content("d@small", key), content("d@large", key), content("d", key));
        ended(services.moves().move("d", new MoveVnvme("b", true)), "done");
        assertThat(services.vnvmes().show("d").sizeBytes()).isEqualTo(8 * MIB);
        List<byte[]> after = List.of(content("d@small", key), content("d@large", key), content("d", key));
        for (int i = 0; i < before.size(); i++) {
            assertThat(Arrays.mismatch(after.get(i), before.get(i))).isEqualTo(-1);
        }
        services.vnvmes().resize("d", new ResizeVnvme(16 * MIB, false));
        assertThat(read(12 * MIB)).containsOnly(0);
        assertThat(services.pools().show("a").snapshotCount()).isZero();
    }

    @Test
    void whatIsLockedAfterARestartStaysEncrypted() throws IOException {
        make(8 * MIB, true, PASSPHRASE);
        write(MIB, "v");
        services.snapshots().take("d", "s");
        JobInfo job = interruptedMove();
        services.close();
        open();
        assertThat(ended(job, "failed").result()).contains("vnvme unlock d");
        services.vnvmes().unlock("d", new UnlockVnvme(PASSPHRASE));
        assertThat(read(MIB)).isEqualTo(text("v"));
        write(2 * MIB, "w");
        services.snapshots().take("d", "after");
        for (String snapshot : List.of("d@s", "d@after")) {
            assertThat(Arrays.copyOfRange(content(snapshot, PASSPHRASE), (int) MIB, (int) MIB + TEXT_BYTES))
                    .isEqualTo(text("v"));
        }
        assertThat(services.pools().show("b").volumeCount()).isZero();
        services.close();
        String lies = Files.readString(drive("a"), StandardCharsets.ISO_8859_1);
        assertThat(lies.contains("v".repeat(BLOCK)) || lies.contains("w".repeat(BLOCK)))
                .as("in the open on the drive")
                .isFalse();
        open();
    }
}
