package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.CreateVnvme;
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
                new Services.Setup("test", folder, folder, List.of(), Duration.ofMillis(200)),
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
