package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.change.Changes;
import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.ChangeInfo;
import io.vnvme.control.model.EventKind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The stream of changes, as a client reads it. */
@Timeout(120)
class ChangesApiTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    private ServedApi api;

    @BeforeEach
    void setUp() {
        api = new ServedApi(folder);
    }

    @AfterEach
    void tearDown() {
        api.close();
    }

    /** A client that reads; its lines come without the framing of the chunks that carry them. */
    private final class Follower implements AutoCloseable {
        private final SocketChannel channel = api.connect();
        private final BufferedReader lines =
                new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
        private final List<String> head = new ArrayList<>();

        Follower(String headers) throws IOException {
            ServedApi.send(channel, "GET", "/api/v1/changes", headers, "");
            for (String line = lines.readLine(); !line.isEmpty(); line = lines.readLine()) {
                head.add(line);
            }
        }

        String line(String prefix) throws IOException {
            String line = lines.readLine();
            while (line != null && !line.startsWith(prefix)) {
                line = lines.readLine();
            }
            if (line == null) {
                throw new IOException("the stream has ended");
            }
            return line.substring(prefix.length());
        }

        /** Reads on until there is such a change. */
        ChangeInfo until(Predicate<ChangeInfo> wanted) throws IOException {
            while (true) {
                String id = line("id: ");
                assertThat(line("event: ")).isEqualTo("change");
                ChangeInfo change = ServedApi.JSONB.type(ChangeInfo.class).fromJson(line("data: "));
                assertThat(Long.toString(change.id())).isEqualTo(id);
                if (wanted.test(change)) {
                    return change;
                }
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private static Predicate<ChangeInfo> is(String kind, String name, String what) {
        return c -> c.kind().equals(kind) && c.name().equals(name) && c.what().equals(what);
    }

    @Test
    void changesOfEveryKindAppearInOrderAndCanBeTakenUpAgain() throws IOException {
        ChangeInfo vnvme;
        try (Follower follower = new Follower("")) {
            assertThat(follower.head.getFirst()).startsWith("HTTP/1.1 200");
            assertThat(follower.head).anyMatch(h -> h.equalsIgnoreCase("content-type: text/event-stream"));
            assertThat(follower.line("retry: ")).isEqualTo("1000");
            String id = follower.line("id: ");
            assertThat(follower.line("event: ")).isEqualTo("reset");
            assertThat(follower.line("data: ")).isEqualTo("{\"id\":" + id + "}");
            api.ok("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
            follower.until(is("drive", "ram0", "changed"));
            api.ok("POST", "/api/v1/vnvmes", "{\"name\":\"d1\",\"sizeBytes\":1048576}");
            follower.until(is("pool", "pool0", "created"));
            vnvme = follower.until(is("vnvme", "d1", "created"));
            api.ok("POST", "/api/v1/vnvmes/d1/snapshots", "{\"name\":\"s1\"}");
            follower.until(is("snapshot", "d1@s1", "created"));
            api.daemon.services().events().add(EventKind.DRIVE_GONE, "d1", "something happened");
            follower.until(
                    is("event", Long.toString(api.daemon.services().events().last()), "created"));
        }
        api.ok("POST", "/api/v1/groups", "{\"name\":\"blue\"}");
        try (Follower again = new Follower("Last-Event-ID: %d\r\n".formatted(vnvme.id()))) {
            again.until(is("snapshot", "d1@s1", "created"));
            again.until(is("group", "blue", "created"));
            api.ok("DELETE", "/api/v1/groups/blue", "");
            again.until(is("group", "blue", "removed"));
        }
    }

    @Test
    void whoKnowsThingsOfAnEarlierDaemonBeginsAnew() throws IOException {
        String id;
        try (Follower follower = new Follower("")) {
            id = follower.line("id: ");
        }
        api.restart();
        try (Follower follower = new Follower("Last-Event-ID: %s\r\n".formatted(id))) {
            assertThat(Long.parseLong(follower.line("id: "))).isGreaterThan(Long.parseLong(id));
            assertThat(follower.line("event: ")).isEqualTo("reset");
        }
    }

    @Test
    void aClientThatDoesNotReadIsDroppedWhileOthersGoOn() throws IOException {
        Changes changes = api.daemon.services().changes();
        String name = "g".repeat(40);
        try (Follower stopped = new Follower("");
                Follower reading = new Follower("")) {
            assertThat(stopped.head).isNotEmpty();
            reading.line("event: reset");
            EventLog events = api.daemon.services().events();
            // What its socket holds is full before its queue fills.
            while (changes.streamCount() > 1) {
                for (int i = 0; i < 200; i++) {
                    events.add(EventKind.JOB_DONE, "x" + events.last(), "x");
                }
                reading.until(is("event", Long.toString(events.last()), "created"));
            }
            api.ok("POST", "/api/v1/groups", "{\"name\":\"%s\"}".formatted(name));
            reading.until(is("group", name, "created"));
        }
        await().atMost(LONG).until(() -> changes.streamCount() == 0);
    }

    @Test
    void aDaemonThatEndsEndsItsStreams() throws IOException {
        try (Follower follower = new Follower("")) {
            follower.line("event: reset");
            api.daemon.close();
            assertThat(follower.lines.lines().filter(l -> l.startsWith("event: ")))
                    .isEmpty();
        }
    }
}
