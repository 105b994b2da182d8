package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.peer.AnsweringPeer;
import io.vnvme.control.peer.PeerClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is made of answers about a QEMU elsewhere, and of those that do not come. */
@Timeout(60)
final class PeerDestinationTest {
    private static final String ARRIVAL = "200 {\"id\":\"a\",\"vnvmes\":[]}";
    private static final String NONE = "";

    @TempDir
    Path folder;

    private interface Use {
        void with(PeerDestination destination, AnsweringPeer peer);
    }

    private void with(List<String> replies, Use use) throws Exception {
        Deque<String> left = new ArrayDeque<>(replies);
        try (AnsweringPeer peer = new AnsweringPeer(folder, _ -> {
            String reply = left.removeFirst();
            return reply.isEmpty()
                    ? new byte[0]
                    : AnsweringPeer.reply(Integer.parseInt(reply.substring(0, 3)), reply.substring(4));
        })) {
            PeerClient client = new PeerClient(peer.record()).withLimit(Duration.ofMillis(500));
            use.with(new PeerDestination(client, "a"), peer);
            client.end();
            assertThat(left).as("replies that were not asked for").isEmpty();
        }
    }

    /** Else the VM would stand still at both ends. */
    @Test
    void isAskedAgainToLetTheVmGoOn() throws Exception {
        with(List.of(NONE, ARRIVAL), (destination, peer) -> {
            destination.goOn();
            assertThat(peer.requests).hasSize(2);
            assertThat(peer.requests).allMatch(r -> r.startsWith("POST /api/v1/arrivals/a/continue "));
        });
    }

    @Test
    void aRefusalIsAnAnswer() throws Exception {
        with(
                List.of(
                        "409 {\"type\":\"t\",\"title\":\"x\",\"status\":409,\"detail\":\"QEMU is not to be told so\",\"code\":\"vm-refused\"}"),
                (destination, _) -> assertProblem(ProblemCode.VM_REFUSED, destination::goOn));
    }

    @Test
    void oneThatIsNotKnownThereHasEnded() throws Exception {
        with(
                List.of(
                        "404 {\"type\":\"t\",\"title\":\"x\",\"status\":404,\"detail\":\"QEMU is not to be told so\",\"code\":\"unknown-arrival\"}"),
                (destination, _) -> {
                    destination.quit();
                    assertThat(destination.ended()).isTrue();
                    assertThat(destination.mayRun()).isFalse();
                });
    }

    @Test
    void oneThatDoesNotEndMayRun() throws Exception {
        with(
                List.of("200 {\"ended\":false,\"mayRun\":true,\"detail\":\"it hangs and says nothing\"}"),
                (destination, _) -> {
                    assertProblem(ProblemCode.MIGRATION_REFUSED, destination::quit);
                    assertThat(destination.ended()).isFalse();
                    assertThat(destination.mayRun()).isTrue();
                });
    }
}
