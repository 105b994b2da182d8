package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.ChangeLimits;
import io.vnvme.control.model.ChangeQos;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreateGroup;
import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.ImportPool;
import io.vnvme.control.model.MovePool;
import io.vnvme.control.model.ReactorInfo;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorCounters;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.testkit.server.Idle;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Pools on two reactors, with clients that check what they read while everything around them comes, goes and moves. */
@Timeout(240)
final class SeveralReactorsTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    private Services services;

    @BeforeEach
    void start() {
        services = new Services(
                new ServiceSetup("test", folder, folder, List.of(), Duration.ofMillis(200)),
                EngineDataPlane.start(ReactorSettings.of(2, Idle.policy())));
        pool("ram", "ram:64M", null);
        pool("file", folder.resolve("drive.img").toString(), 64 * MIB);
        vnvme("ram", "a");
        vnvme("file", "b");
    }

    @AfterEach
    void stop() {
        services.close();
    }

    private void pool(String name, String drive, @Nullable Long sizeBytes) {
        services.drives().claim(ClaimDrive.of(drive, sizeBytes, "drive-" + name, false));
        services.pools().create(new CreatePool(name, List.of("drive-" + name), null));
    }

    private void vnvme(String pool, String name) {
        services.vnvmes()
                .create(CreateVnvme.thin(name, CheckedClient.VOLUME_BYTES).inPool(pool));
    }

    private CheckedClient client(String name) {
        return CheckedClient.open(Path.of(services.vnvmes().show(name).socket()));
    }

    private List<List<String>> pools() {
        return services.top().reactors().stream().map(ReactorInfo::pools).toList();
    }

    private static void works(CheckedClient... clients) {
        for (CheckedClient client : clients) {
            long seen = client.completed();
            await().atMost(LIMIT).pollInterval(Duration.ofMillis(1)).until(() -> client.completed() > seen + 100);
        }
    }

    @Test
    void poolsAreSpreadAndMoveUnderLoad() {
        assertThat(pools()).containsExactly(List.of("ram"), List.of("file"));
        vnvme("ram", "t");
        try (CheckedClient a = client("a");
                CheckedClient b = client("b");
                CheckedClient t = CheckedClient.openTrapped(
                        Path.of(services.vnvmes().show("t").socket()))) {
            for (int i = 0; i < 12; i++) {
                services.pools().move("ram", new MovePool("reactor-" + (i + 1) % 2));
                services.pools().move("file", new MovePool("reactor-" + i / 2 % 2));
                works(a, b, t);
            }
            services.pools().move("ram", new MovePool("reactor-1"));
            services.pools().move("file", new MovePool("reactor-1"));
            assertThat(pools()).containsExactly(List.of(), List.of("file", "ram"));
            works(a, b);
        }
        assertThatThrownBy(() -> services.pools().move("ram", new MovePool("reactor-2")))
                .hasMessageContaining("no reactor reactor-2: there are reactor-0, reactor-1");
        await().atMost(LIMIT).untilAsserted(this::everyCommandCountsForTheReactorThatEndedIt);
        pool("next", "ram:16M", null);
        assertThat(pools().getFirst()).as("the fewest pools").containsExactly("next");
    }

    @Test
    void neighboursComeAndGoWhileBothAreBusy() {
        try (CheckedClient a = client("a");
                CheckedClient b = client("b")) {
            for (String pool : List.of("ram", "file", "ram")) {
                vnvme(pool, "c");
                try (CheckedClient c = client("c")) {
                    works(c);
                    services.pools().move(pool, new MovePool("reactor-0"));
                    works(a, b, c);
                }
                gone("c");
                services.vnvmes().remove("c");
                works(a, b);
            }
            services.drives().claim(ClaimDrive.of(folder.resolve("third.img").toString(), 32 * MIB, "third", false));
            services.pools().create(new CreatePool("third", List.of("third"), null));
            vnvme("third", "d");
            for (int i = 0; i < 3; i++) {
                try (CheckedClient d = client("d")) {
                    works(a, b, d);
                }
                gone("d");
                services.poolImport().giveAway("third");
                services.poolImport().take(new ImportPool("third", false, List.of(folder.toString())));
                works(a, b);
            }
        }
        assertThat(services.jobs()
                        .show(services.pools().scrub("file").id(), LIMIT)
                        .state())
                .isEqualTo("done");
    }

    private void everyCommandCountsForTheReactorThatEndedIt() {
        Observed seen = services.observed();
        assertThat(seen.reactorCounters().values())
                .hasSize(2)
                .allSatisfy(c -> assertThat(c.writes()).isPositive());
        assertThat(seen.reactorCounters().values().stream()
                        .mapToLong(ReactorCounters::reads)
                        .sum())
                .isEqualTo(seen.vnvmes().stream()
                        .mapToLong(v -> v.counters().reads().total())
                        .sum());
    }

    private void gone(String client) {
        await().atMost(LIMIT)
                .until(() -> services.vnvmes().show(client).connections().isEmpty());
    }

    @Test
    void aGroupHoldsItsLimitOverBothReactors() {
        services.groups().create(new CreateGroup("tenant", iops(2000)));
        for (String name : List.of("a", "b")) {
            services.groups().change(name, new ChangeQos(null, null, "tenant"));
        }
        try (CheckedClient a = client("a");
                CheckedClient b = client("b")) {
            works(a, b);
            assertThat(pools()).containsExactly(List.of("ram"), List.of("file"));
            services.pools().move("ram", new MovePool("reactor-1"));
            works(a, b);
            services.groups().change("tenant", iops(1_000_000));
            works(a, b);
        }
    }

    private static ChangeLimits iops(long rate) {
        return new ChangeLimits(null, null, rate, null, null, null, null, false);
    }
}
