package io.vnvme.control.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.peer.AnsweringPeer;
import io.vnvme.control.peer.PeerClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whether the other daemon has taken a VM's drives: nothing is taken for an answer that is none. */
@Timeout(60)
final class MigratingDrivesTest {
    private static final String YES = "200 {\"id\":\"a\",\"vnvmes\":[]}";
    private static final String NEVER =
            "404 {\"type\":\"t\",\"code\":\"unknown-arrival\",\"title\":\"x\",\"status\":404,\"detail\":\"no such VM\"}";
    private static final String FAULT =
            "500 {\"type\":\"t\",\"code\":\"internal\",\"title\":\"x\",\"status\":500,\"detail\":\"a fault\"}";
    private static final String NOT_SAVED =
            "507 {\"type\":\"t\",\"code\":\"state-unwritable\",\"title\":\"x\",\"status\":507,\"detail\":\"no space\"}";
    private static final String REFUSED =
            "409 {\"type\":\"t\",\"code\":\"migration-refused\",\"title\":\"x\",\"status\":409,\"detail\":\"it has come already\"}";

    @TempDir
    Path folder;

    private final List<String> asked = new ArrayList<>();
    private final List<String> unknown = new ArrayList<>();
    private boolean calledOff;

    private final MigratingDrives.Doubt doubt = new MigratingDrives.Doubt() {
        @Override
        public boolean calledOff() {
            return calledOff;
        }

        @Override
        public void unknown(String why) {
            unknown.add(why);
        }

        @Override
        public boolean running() {
            return true;
        }
    };

    /** @param replies to resume and to giveup, one after another */
    private boolean taken(String... replies) throws Exception {
        Deque<String> left = new ArrayDeque<>(List.of(replies));
        try (AnsweringPeer peer = new AnsweringPeer(folder, request -> {
            String line = request.lines().findFirst().orElse("");
            asked.add(line.replaceAll(".*/a/([a-z]+) .*", "$1"));
            String reply = left.removeFirst();
            return AnsweringPeer.reply(Integer.parseInt(reply.substring(0, 3)), reply.substring(4));
        })) {
            PeerClient client = new PeerClient(peer.record()).withLimit(Duration.ofSeconds(5));
            boolean taken = MigratingDrives.taken(client, "/api/v1/arrivals/a", doubt);
            client.end();
            assertThat(left).as("replies that were not asked for").isEmpty();
            return taken;
        }
    }

    @Test
    void yes() throws Exception {
        assertThat(taken(YES)).isTrue();
        assertThat(asked).containsExactly("resume");
    }

    @Test
    void never() throws Exception {
        assertThat(taken(NEVER)).isFalse();
    }

    @Test
    void aFaultIsNoAnswer() throws Exception {
        assertThat(taken(FAULT, YES)).isTrue();
        assertThat(asked).containsExactly("resume", "resume");
    }

    /** It says three times that it does not; then it is asked to give the VM up, and only that is a no. */
    @Test
    void aRefusalIsNoneBeforeItIsGivenUp() throws Exception {
        assertThat(taken(NOT_SAVED, NOT_SAVED, NOT_SAVED, "200 {\"ended\":true,\"mayRun\":false,\"detail\":\"\"}"))
                .isFalse();
        assertThat(asked).containsExactly("resume", "resume", "resume", "giveup");
    }

    /** What it could not say was that it had taken them. */
    @Test
    void oneThatDoesNotGiveUpIsAskedAgain() throws Exception {
        assertThat(taken(NOT_SAVED, NOT_SAVED, FAULT, REFUSED, YES)).isTrue();
        assertThat(asked).containsExactly("resume", "resume", "resume", "giveup", "resume");
    }

    @Test
    void oneWhoTakesTheTokenAwayHasNotAnswered() throws Exception {
        assertThat(taken(
                        "401 {\"type\":\"t\",\"code\":\"unauthenticated\",\"title\":\"x\",\"status\":401,\"detail\":\"who are you\"}",
                        YES))
                .isTrue();
        assertThat(unknown).hasSize(1);
    }

    /** Somebody has said that it will never come back. */
    @Test
    void aPersonDecidesWhereNobodyAnswers() throws Exception {
        PeerClient client;
        try (AnsweringPeer peer = new AnsweringPeer(folder, _ -> new byte[0])) {
            client = new PeerClient(peer.record());
        }
        calledOff = true;
        assertThat(MigratingDrives.taken(client, "/api/v1/arrivals/a", doubt)).isFalse();
        assertThat(unknown).hasSize(1);
        client.end();
    }
}
