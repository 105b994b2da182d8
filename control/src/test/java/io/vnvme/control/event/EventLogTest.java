package io.vnvme.control.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.EventInfo;
import io.vnvme.control.model.EventKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
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
            log.add(EventKind.DRIVE_BACK, "s", "first");
            log.add(EventKind.DRIVE_GONE, "s", "second\nwith more");
        }
        Files.writeString(folder.resolve("events.jsonl"), "{torn", StandardOpenOption.APPEND);
        try (EventLog log = new EventLog(folder)) {
            log.add(EventKind.POOL_FILLING, "s", "third");
            assertThat(log.after(1, Duration.ZERO)).extracting("number").containsExactly(2L, 3L);
            assertThat(log.after(0, Duration.ZERO)).extracting("text").contains("second");
        }
    }

    @Test
    void theNewestAreKept() {
        try (EventLog log = new EventLog(folder)) {
            for (int i = 0; i < 4 * EventLog.COUNT_MAX + 10; i++) {
                log.add(EventKind.JOB_DONE, "s" + i, "t");
            }
            assertThat(log.after(0, Duration.ZERO)).hasSize(EventLog.COUNT_MAX);
        }
        try (EventLog log = new EventLog(folder)) {
            assertThat(log.last()).isEqualTo(4 * EventLog.COUNT_MAX + 10);
            assertThat(log.after(0, Duration.ZERO)).hasSize(EventLog.COUNT_MAX);
        }
    }

    @Test
    void aStormIsToldByAFewAndACount() {
        try (EventLog log = new EventLog(folder)) {
            for (int i = 0; i < 100; i++) {
                log.add(EventKind.MIRROR_REPAIRED, "p", "block " + i);
            }
            log.add(EventKind.MIRROR_REPAIRED, "other", "another");
            assertThat(log.after(0, Duration.ZERO)).hasSize(Storms.SINGLE_MAX + 1);
            assertThat(log.counts()).containsEntry(EventKind.MIRROR_REPAIRED, 101L);
        }
        try (EventLog log = new EventLog(folder)) {
            EventInfo last = log.after(0, Duration.ZERO).getLast();
            assertThat(last.count()).isEqualTo(100 - Storms.SINGLE_MAX);
            assertThat(last.text()).isEqualTo("block 99");
            assertThat(last.subject()).isEqualTo("p");
        }
    }

    @Test
    void aStormEndsWithItsWindow() {
        Storms storms = new Storms();
        Instant start = Instant.parse("2026-01-01T00:00:00Z");
        for (int i = 0; i < Storms.SINGLE_MAX; i++) {
            assertThat(storms.tell(EventKind.DRIVE_GONE, "d", "t", start)).isTrue();
        }
        assertThat(storms.tell(EventKind.DRIVE_GONE, "d", "last", start)).isFalse();
        assertThat(storms.folding()).isTrue();
        Instant end = start.plus(Storms.WINDOW);
        assertThat(storms.over(end.minusMillis(1))).isEmpty();
        assertThat(storms.over(end)).containsExactly(new Storms.Folded(EventKind.DRIVE_GONE, "d", "last", 1));
        assertThat(storms.over(end)).isEmpty();
        assertThat(storms.tell(EventKind.DRIVE_GONE, "d", "t", end)).isTrue();
    }

    @Test
    void linesFromBeforeThereWasACountAreOne() throws IOException {
        Files.writeString(
                folder.resolve("events.jsonl"),
                "{\"number\":7,\"at\":\"x\",\"severity\":\"info\",\"kind\":\"k\",\"subject\":\"s\",\"text\":\"t\"}\n");
        try (EventLog log = new EventLog(folder)) {
            assertThat(log.after(0, Duration.ZERO)).extracting("count").containsExactly(1);
        }
    }

    @Test
    void whoWaitsIsTold() throws Exception {
        try (EventLog log = new EventLog(folder)) {
            CompletableFuture<List<EventInfo>> seen =
                    CompletableFuture.supplyAsync(() -> log.after(0, Duration.ofSeconds(30)));
            log.add(EventKind.JOB_DONE, "s", "t");
            assertThat(seen.get(20, TimeUnit.SECONDS)).hasSize(1);
        }
    }
}
