package io.vnvme.control.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.EventInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventLogTest {
    @TempDir
    Path folder;

    @Test
    void numbersGoOnOverARestart() throws IOException {
        try (EventLog log = new EventLog(folder)) {
            log.add("info", "one", "s", "first");
            log.add("error", "two", "s", "second\nwith more");
        }
        Files.writeString(folder.resolve("events.jsonl"), "{torn", StandardOpenOption.APPEND);
        try (EventLog log = new EventLog(folder)) {
            log.add("warning", "three", "s", "third");
            assertThat(log.after(1, Duration.ZERO)).extracting("number").containsExactly(2L, 3L);
            assertThat(log.after(0, Duration.ZERO)).extracting("text").contains("second");
        }
    }

    @Test
    void theNewestAreKept() {
        try (EventLog log = new EventLog(folder)) {
            for (int i = 0; i < 4 * EventLog.COUNT_MAX + 10; i++) {
                log.add("info", "k", "s", "t");
            }
            assertThat(log.after(0, Duration.ZERO)).hasSize(EventLog.COUNT_MAX);
        }
        try (EventLog log = new EventLog(folder)) {
            assertThat(log.last()).isEqualTo(4 * EventLog.COUNT_MAX + 10);
            assertThat(log.after(0, Duration.ZERO)).hasSize(EventLog.COUNT_MAX);
        }
    }

    @Test
    void whoWaitsIsTold() throws Exception {
        try (EventLog log = new EventLog(folder)) {
            CompletableFuture<List<EventInfo>> seen =
                    CompletableFuture.supplyAsync(() -> log.after(0, Duration.ofSeconds(30)));
            log.add("info", "k", "s", "t");
            assertThat(seen.get(20, TimeUnit.SECONDS)).hasSize(1);
        }
    }
}
