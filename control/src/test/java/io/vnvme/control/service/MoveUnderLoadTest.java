package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DrainPool;
import io.vnvme.control.model.ExportVolume;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.KeySource;
import io.vnvme.control.model.MovePool;
import io.vnvme.control.model.MoveVnvme;
import io.vnvme.control.model.PoolInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ResizeVnvme;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.testkit.server.Idle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** vNVMes go from pool to pool, and from reactor to reactor, while clients use them that check what they read. */
@Timeout(240)
final class MoveUnderLoadTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private Services services;

    @BeforeEach
    void start() {
        open();
        pool("ram", "ram:64M", null);
        pool("file", folder.resolve("drive.img").toString(), 64 * MIB);
        pool("other", folder.resolve("other.img").toString(), 64 * MIB);
    }

    private void open() {
        services = new Services(
                new ServiceSetup("test", folder, folder, List.of(), Duration.ofMillis(200)),
                EngineDataPlane.start(ReactorSettings.of(2, Idle.policy())));
    }

    @AfterEach
    void stop() {
        services.close();
    }

    private void pool(String name, String drive, @Nullable Long sizeBytes) {
        services.drives().claim(ClaimDrive.of(drive, sizeBytes, "drive-" + name, false));
        services.pools().create(new CreatePool(name, List.of("drive-" + name), null));
    }

    private VnvmeInfo make(CreateVnvme request) {
        return services.vnvmes().create(request).vnvme();
    }

    private CheckedClient client(String name) {
        return CheckedClient.open(Path.of(services.vnvmes().show(name).socket()));
    }

    private static void works(CheckedClient... clients) {
        for (CheckedClient client : clients) {
            long seen = client.completed();
            await().atMost(LIMIT).pollInterval(Duration.ofMillis(1)).until(() -> client.completed() > seen + 100);
        }
    }

    private JobInfo moved(String name, String pool) {
        JobInfo begun = services.moves().move(name, new MoveVnvme(pool, false));
        JobInfo job = services.jobs().show(begun.id(), LIMIT);
        assertThat(job.state()).as(job.result()).isEqualTo("done");
        System.out.println(job.result());
        return job;
    }

    private PoolInfo show(String pool) {
        return services.pools().show(pool);
    }

    @Test
    void guestsDoNotNotice() {
        VnvmeInfo before =
                make(CreateVnvme.thin("a", CheckedClient.VOLUME_BYTES).inPool("ram"));
        make(CreateVnvme.thin("b", CheckedClient.VOLUME_BYTES).inPool("file"));
        try (CheckedClient a = client("a");
                CheckedClient b = client("b")) {
            works(a, b);
            for (String pool : List.of("file", "other", "ram", "file", "ram", "other")) {
                moved("a", pool);
                works(a, b);
                assertThat(services.vnvmes().show("a").pool()).isEqualTo(pool);
                services.pools().move(pool, new MovePool("reactor-0"));
                works(a, b);
                services.pools().move(pool, new MovePool("reactor-1"));
                works(a, b);
            }
            moved("b", "ram");
            works(a, b);
        }
        VnvmeInfo after = services.vnvmes().show("a");
        assertThat(after.uuid()).isEqualTo(before.uuid());
        assertThat(after.nguid()).isEqualTo(before.nguid());
        assertThat(after.nqn()).isEqualTo(before.nqn());
        assertThat(after.nsid()).isEqualTo(before.nsid());
        assertThat(after.serial()).isEqualTo(before.serial());
        assertThat(show("file").volumeCount()).isZero();
        assertThat(show("ram").volumeCount()).isEqualTo(1);
        assertThat(show("other").volumeCount()).isEqualTo(1);
        services.close();
        open();
        assertThat(services.vnvmes().show("a").pool()).isEqualTo("other");
        assertThat(services.vnvmes().show("a").uuid()).isEqualTo(before.uuid());
        assertThat(services.system().warnings()).isEmpty();
    }

    @Test
    void whatIsEncryptedAndCheckedStaysSo() throws IOException {
        Path key = Files.write(folder.resolve("key"), new byte[64]);
        make(new CreateVnvme(
                "c",
                CheckedClient.VOLUME_BYTES,
                "file",
                true,
                false,
                512,
                true,
                null,
                new KeySource(key.toString(), null),
                null,
                false,
                null));
        try (CheckedClient c = client("c")) {
            works(c);
            moved("c", "other");
            works(c);
        }
        VnvmeInfo after = services.vnvmes().show("c");
        assertThat(after.encrypted()).isTrue();
        assertThat(after.thick()).isTrue();
        assertThat(after.checksum()).isTrue();
        services.close();
        open();
        try (CheckedClient c = client("c")) {
            works(c);
            moved("c", "file");
            works(c);
        }
        JobInfo scrub = services.jobs().show(services.pools().scrub("file").id(), LIMIT);
        assertThat(scrub.state()).as(scrub.result()).isEqualTo("done");
    }

    @Test
    void snapshotsAreTheSameThere() {
        make(CreateVnvme.thin("a", CheckedClient.VOLUME_BYTES).inPool("ram"));
        byte[] first;
        byte[] second;
        try (CheckedClient a = client("a")) {
            works(a);
            services.snapshots().take("a", "first");
            works(a);
            services.snapshots().take("a", "second");
            works(a);
            first = content("a@first");
            second = content("a@second");
            JobInfo begun = services.moves().move("a", new MoveVnvme("file", true));
            JobInfo job = services.jobs().show(begun.id(), LIMIT);
            assertThat(job.state()).as(job.result()).isEqualTo("done");
            works(a);
            assertThat(content("a@first")).isEqualTo(first);
            assertThat(content("a@second")).isEqualTo(second);
            assertThat(show("ram").snapshotCount()).isZero();
            works(a);
        }
        gone("a");
        services.snapshots().rollback("a", "first");
        services.snapshots().take("a", "again");
        assertThat(content("a@again")).isEqualTo(first);
    }

    /** The key goes with them, and so do the sums: as often as they move. */
    @Test
    void encryptedSnapshotsAreTheSameThere() throws IOException {
        KeySource key =
                new KeySource(Files.write(folder.resolve("key"), new byte[64]).toString(), null);
        make(new CreateVnvme(
                "c", CheckedClient.VOLUME_BYTES, "ram", false, false, 512, true, null, key, null, false, null));
        byte[] content;
        try (CheckedClient c = client("c")) {
            works(c);
            services.snapshots().take("c", "s");
            works(c);
            content = content("c@s", key);
            for (String pool : List.of("file", "other")) {
                JobInfo begun = services.moves().move("c", new MoveVnvme(pool, true));
                JobInfo job = services.jobs().show(begun.id(), LIMIT);
                assertThat(job.state()).as(job.result()).isEqualTo("done");
                works(c);
                assertThat(content("c@s", key)).isEqualTo(content);
            }
        }
        services.close();
        open();
        assertThat(content("c@s", key)).isEqualTo(content);
        try (CheckedClient c = client("c")) {
            works(c);
        }
        JobInfo scrub = services.jobs().show(services.pools().scrub("other").id(), LIMIT);
        assertThat(scrub.state()).as(scrub.result()).isEqualTo("done");
    }

    /** What snapshots hold together is known when the pool is full: then the copy goes, at once, and all stays. */
    @Test
    void aPoolThatIsFullOfSnapshotsHoldsNobodyUp() {
        pool("small", folder.resolve("small.img").toString(), 24 * MIB);
        long roomLess = show("small").freeBytes() - CheckedClient.VOLUME_BYTES / 2;
        make(new CreateVnvme(
                "filler", roomLess / MIB * MIB, "small", true, false, null, false, null, null, null, false, null));
        make(CreateVnvme.thin("a", CheckedClient.VOLUME_BYTES).inPool("file"));
        services.snapshots().take("a", "none");
        try (CheckedClient a = client("a")) {
            // Each of its 64 KiB is written at some time.
            await().atMost(LIMIT).until(() -> a.completed() > 3000);
        }
        gone("a");
        services.snapshots().take("a", "one");
        services.snapshots().take("a", "two");
        services.snapshots().rollback("a", "none");
        JobInfo begun = services.moves().move("a", new MoveVnvme("small", true));
        JobInfo job = services.jobs().show(begun.id(), LIMIT);
        assertThat(job.state()).isEqualTo("failed");
        assertThat(job.result()).contains("pool small is full");
        assertThat(show("small").volumeCount()).isEqualTo(1);
        assertThat(show("small").snapshotCount()).isZero();
        assertThat(services.vnvmes().show("a").pool()).isEqualTo("file");
        assertThat(show("file").snapshotCount()).isEqualTo(3);
    }

    private void gone(String client) {
        await().atMost(LIMIT)
                .until(() -> services.vnvmes().show(client).connections().isEmpty());
    }

    private byte[] content(String snapshot) {
        return content(snapshot, null);
    }

    private byte[] content(String snapshot, @Nullable KeySource key) {
        Path file = folder.resolve("content-" + System.nanoTime());
        JobInfo begun = services.transfers().export(new ExportVolume(snapshot, file.toString(), "raw", key));
        JobInfo job = services.jobs().show(begun.id(), LIMIT);
        assertThat(job.state()).as(job.result()).isEqualTo("done");
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aPoolIsDrainedInUse() {
        make(CreateVnvme.thin("a", CheckedClient.VOLUME_BYTES).inPool("ram"));
        make(CreateVnvme.thin("b", CheckedClient.VOLUME_BYTES).inPool("ram"));
        try (CheckedClient a = client("a");
                CheckedClient b = client("b")) {
            works(a, b);
            JobInfo begun = services.drains().drain("ram", new DrainPool(null, false));
            JobInfo job = services.jobs().show(begun.id(), LIMIT);
            assertThat(job.state()).as(job.result()).isEqualTo("done");
            works(a, b);
            services.pools().destroy("ram", false);
            works(a, b);
        }
    }

    @Test
    void cancelledItStaysWhereItWas() {
        make(CreateVnvme.thin("a", CheckedClient.VOLUME_BYTES).inPool("ram"));
        try (CheckedClient a = client("a")) {
            works(a);
            for (int i = 0; i < 5; i++) {
                JobInfo begun = services.moves().move("a", new MoveVnvme("file", false));
                assertProblem(
                        ProblemCode.VNVME_IN_USE,
                        () -> services.vnvmes().resize("a", new ResizeVnvme(2 * CheckedClient.VOLUME_BYTES, false)));
                try {
                    services.jobs().cancel(begun.id());
                } catch (RuntimeException e) {
                    assertThat(e).hasMessageContaining("has ended");
                }
                JobInfo job = services.jobs().show(begun.id(), LIMIT);
                works(a);
                if (job.state().equals("done")) {
                    moved("a", "ram");
                } else {
                    assertThat(job.state()).isEqualTo("cancelled");
                    assertThat(services.vnvmes().show("a").pool()).isEqualTo("ram");
                    assertThat(show("file").volumeCount()).isZero();
                }
            }
        }
    }
}
