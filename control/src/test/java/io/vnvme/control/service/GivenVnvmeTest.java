package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.peer.AnsweringPeer;
import io.vnvme.control.store.GivenTo;
import io.vnvme.control.store.PeerFile;
import io.vnvme.control.store.State;
import io.vnvme.control.store.StateFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A vNVMe that was given to another daemon when this one was killed, and its jobs were lost: whose it is, that one says. */
@Timeout(60)
final class GivenVnvmeTest {
    private static final GivenTo GIVEN = new GivenTo("west", "a", "web", "/none/qmp.sock", true);

    @TempDir
    Path folder;

    private Fixture fixture;
    private volatile String reply = "";
    private String failing = "";

    @BeforeEach
    void start() {
        fixture = new Fixture(folder);
        fixture.file("drive", 64 * MIB);
        fixture.pool("tank", "drive");
        fixture.services.vnvmes().create(CreateVnvme.thin("d", 16 * MIB));
        fixture.watch = Duration.ofMillis(50);
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    private AnsweringPeer killed() throws Exception {
        AnsweringPeer peer = new AnsweringPeer(
                Files.createDirectories(folder.resolve("west")),
                _ -> reply.isEmpty()
                        ? new byte[0]
                        : AnsweringPeer.reply(Integer.parseInt(reply.substring(0, 3)), reply.substring(4)));
        StateFile file = new StateFile(folder);
        State state = file.load();
        file.save(state.with(state.vnvme("d").orElseThrow().given(GIVEN)));
        new PeerFile(folder).save(List.of(peer.record()));
        fixture.crashInto(plane -> plane.failing = failing);
        return peer;
    }

    private VnvmeInfo shown() {
        return fixture.services.vnvmes().show("d");
    }

    @Test
    void isNobodysAsLongAsItIsNotKnown() throws Exception {
        try (AnsweringPeer peer = killed()) {
            await().atMost(Duration.ofSeconds(40)).until(() -> !peer.requests.isEmpty());
            assertThat(shown().state()).isEqualTo("unavailable");
            assertProblem(
                    ProblemCode.VNVME_IN_USE, () -> fixture.services.vnvmes().remove("d"));
            assertProblem(
                    ProblemCode.VNVME_IN_USE,
                    () -> fixture.services.poolImport().giveAway("tank"));
            assertProblem(
                    ProblemCode.MIGRATION_REFUSED,
                    () -> fixture.services.migrations().checkForgotten("west"));
            assertThat(fixture.services.jobs().list()).anySatisfy(job -> {
                assertThat(job.kind()).isEqualTo("migrate");
                assertThat(job.state()).isEqualTo("running");
            });
            // A person says that the other will never come back.
            fixture.services.peers().remove("west");
            await().atMost(Duration.ofSeconds(40)).until(() -> shown().state().equals("idle"));
        }
    }

    @Test
    void isGoneWhenTheOtherHasIt() throws Exception {
        reply = "200 {\"id\":\"a\",\"vnvmes\":[]}";
        try (AnsweringPeer peer = killed()) {
            await().until(() -> fixture.services.vnvmes().list().isEmpty());
            assertThat(fixture.fakePool("tank").layers()).isEmpty();
            // It is told to the end, so that it need not remember any more.
            await().until(() -> peer.requests.stream().anyMatch(r -> r.startsWith("DELETE /api/v1/arrivals/a ")));
        }
    }

    /** Else it would say that it never took it, when it is asked once more. */
    @Test
    void theOtherRemembersAsLongAsSomethingIsLeftHere() throws Exception {
        reply = "200 {\"id\":\"a\",\"vnvmes\":[]}";
        failing = "remove";
        try (AnsweringPeer peer = killed()) {
            await().until(() -> fixture.services.jobs().list().stream()
                    .anyMatch(job -> job.state().equals("done")
                            && String.valueOf(job.result()).contains("removed later")));
            assertThat(peer.requests).noneMatch(r -> r.startsWith("DELETE"));
            assertThat(shown().state()).isEqualTo("unavailable");
        }
    }

    @Test
    void isServedAgainWhenTheOtherNeverTookIt() throws Exception {
        reply =
                "404 {\"type\":\"t\",\"title\":\"x\",\"status\":404,\"detail\":\"no such VM\",\"code\":\"unknown-arrival\"}";
        try (AnsweringPeer _ = killed()) {
            await().until(() -> shown().state().equals("idle"));
            fixture.restart();
            assertThat(shown().state()).isEqualTo("idle");
        }
    }
}
