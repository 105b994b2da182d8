package io.vnvme.control.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.Qos;
import io.vnvme.control.store.FileIdentity;
import io.vnvme.control.store.JobPlan;
import io.vnvme.control.store.ScrubMark;
import io.vnvme.control.trace.Traces;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobsTest {
    private static final JobPlan.Scrub SCRUB = new JobPlan.Scrub("pool-uuid", null);

    @TempDir
    Path folder;

    private final List<Instant> now = new CopyOnWriteArrayList<>();
    private final InstantSource clock = () -> now.getFirst();
    private EventLog events;
    private Jobs jobs;

    @BeforeEach
    void setUp() {
        now.add(Instant.parse("2030-01-01T00:00:00Z"));
        events = new EventLog(folder);
        jobs = open();
    }

    @AfterEach
    void tearDown() {
        jobs.close();
        events.close();
    }

    private void pass(Duration time) {
        now.set(0, now.getFirst().plus(time));
    }

    private Jobs open() {
        return new Jobs(folder, events, clock, () -> "token ops", Traces.none());
    }

    private JobInfo ended(String subject, JobWork work) {
        return jobs.show(jobs.start(SCRUB, subject, true, work).id(), Duration.ofSeconds(10));
    }

    /** Begins one that never ends, as the next daemon sees it: no word of its end is written. */
    private JobInfo hung(JobPlan plan, String subject) throws InterruptedException {
        CountDownLatch marked = new CountDownLatch(1);
        JobInfo job = jobs.start(plan, subject, true, progress -> {
            progress.at(3, 10);
            progress.mark(plan);
            marked.countDown();
            await(new CountDownLatch(1));
            return "";
        });
        marked.await();
        return job;
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whatCameOfThemIsKept() {
        JobInfo done = ended("a", progress -> {
            progress.at(0, 4000);
            pass(Duration.ofSeconds(2));
            progress.at(4000, 4000);
            return "all is well";
        });
        JobInfo failed = ended("b", _ -> {
            throw new ProblemException(ProblemCode.NO_SPACE, "no space");
        });
        JobInfo cancelled = ended("c", _ -> {
            throw new CancellationException();
        });
        assertThat(done)
                .isEqualTo(new JobInfo(
                        1,
                        "scrub",
                        "a",
                        "done",
                        1,
                        null,
                        4000,
                        4000,
                        2000,
                        "token ops",
                        "2030-01-01T00:00:00Z",
                        null,
                        "2030-01-01T00:00:02Z",
                        "all is well",
                        false));
        assertThat(failed.result()).isEqualTo("no space");
        jobs.close();
        jobs = open();
        assertThat(jobs.list()).containsExactly(done, failed, cancelled);
        assertThat(jobs.interrupted()).isEmpty();
        assertThat(ended("a", _ -> "").id()).isEqualTo(4);
    }

    @Test
    void oneThatACrashInterruptedGoesOnAsTheSame() throws InterruptedException {
        JobInfo job = hung(SCRUB, "p");
        jobs = open();
        JobInfo interrupted = jobs.show(job.id(), Duration.ZERO);
        assertThat(interrupted.state()).isEqualTo("interrupted");
        assertThat(interrupted.progress()).isEqualTo(0.3);
        assertThat(interrupted.cancellable()).isFalse();
        assertThatThrownBy(() -> jobs.cancel(job.id())).hasMessageContaining("goes on when its pool is open");
        assertThat(jobs.runningCount()).isZero();
        assertThat(jobs.interrupted()).containsExactly(new Jobs.Planned("p", SCRUB));
        pass(Duration.ofMinutes(1));
        JobInfo other = jobs.start(new JobPlan.Scrub("another-pool", null), "p", true, _ -> "");
        assertThat(other.id()).isEqualTo(2);
        jobs.show(other.id(), Duration.ofSeconds(10));
        JobInfo resumed = ended("p", progress -> {
            progress.at(3, 10);
            pass(Duration.ofSeconds(1));
            progress.at(10, 10);
            return "whole";
        });
        assertThat(resumed.id()).isEqualTo(job.id());
        assertThat(resumed.resumedAt()).isEqualTo("2030-01-01T00:01:00Z");
        assertThat(resumed.startedAt()).isEqualTo(job.startedAt());
        assertThat(resumed.bytesPerSecond()).isEqualTo(7);
        assertThat(jobs.interrupted()).isEmpty();
        assertThat(events.after(0, Duration.ZERO)).extracting("kind").contains("job-resumed");
        jobs.close();
        jobs = open();
        assertThat(jobs.show(job.id(), Duration.ZERO)).isEqualTo(resumed);
    }

    /** Nothing of it is left that would have to be cleared away. */
    @Test
    void oneThatWouldBeginAgainCanBeCancelledInstead() throws InterruptedException {
        JobPlan drain = new JobPlan.Drain("pool-uuid", null, false);
        JobInfo job = hung(drain, "p");
        jobs = open();
        assertThat(jobs.show(job.id(), Duration.ZERO).cancellable()).isTrue();
        assertThat(jobs.planned()).containsExactly(new Jobs.Planned("p", drain));
        JobInfo cancelled = jobs.cancel(job.id());
        assertThat(cancelled.state()).isEqualTo("cancelled");
        assertThat(cancelled.endedAt()).isNotNull();
        assertThat(jobs.interrupted()).isEmpty();
        assertThat(jobs.planned()).isEmpty();
        assertThat(jobs.ended()).containsEntry(new Jobs.Ended("drain", "cancelled"), 1L);
        assertThat(events.after(0, Duration.ZERO)).extracting("kind").containsExactly("job-cancelled");
        assertThatThrownBy(() -> jobs.cancel(job.id())).hasMessageContaining("has ended");
        // Whoever had seen it wait begins nothing new in its place.
        assertThatThrownBy(() -> jobs.resume(drain, "p", true, _ -> "")).hasMessageContaining("it was cancelled");
        assertThat(jobs.start(drain, "p", true, _ -> "").id()).isGreaterThan(job.id());
        jobs.close();
        jobs = open();
        assertThat(jobs.show(job.id(), Duration.ZERO)).isEqualTo(cancelled);
    }

    @Test
    void anOrderlyEndOnlyInterrupts() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        JobInfo job = jobs.start(SCRUB, "p", true, progress -> {
            begun.countDown();
            while (!progress.cancelled()) {
                Thread.onSpinWait();
            }
            assertThat(progress.interrupted()).isTrue();
            throw new CancellationException();
        });
        begun.await();
        jobs.close();
        assertThat(jobs.show(job.id(), Duration.ZERO).state()).isEqualTo("interrupted");
        jobs = open();
        assertThat(jobs.interrupted()).hasSize(1);
        assertThat(events.after(0, Duration.ZERO)).isEmpty();
    }

    /** What the pool remembers is ended by the pool, in whatever way that shows. */
    @Test
    void whatThePoolRemembersIsNotToldToStop() throws InterruptedException {
        JobPlan shrink = new JobPlan.Shrink("pool-uuid", "drive-uuid");
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        JobInfo job = jobs.start(shrink, "d", true, progress -> {
            begun.countDown();
            await(closed);
            assertThat(progress.cancelled()).isFalse();
            throw new IllegalStateException("the pool is closed");
        });
        begun.await();
        jobs.close();
        closed.countDown();
        jobs.show(job.id(), Duration.ofSeconds(10));
        assertThat(jobs.show(job.id(), Duration.ZERO).state()).isEqualTo("interrupted");
        jobs = open();
        assertThat(jobs.interrupted()).containsExactly(new Jobs.Planned("d", shrink));
    }

    @Test
    void aCancelledOneStaysCancelledWhenTheDaemonEnds() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        JobInfo job = jobs.start(SCRUB, "p", true, progress -> {
            begun.countDown();
            await(go);
            assertThat(progress.interrupted()).isFalse();
            throw new CancellationException();
        });
        begun.await();
        jobs.cancel(job.id());
        go.countDown();
        jobs.close();
        jobs = open();
        assertThat(jobs.show(job.id(), Duration.ZERO).state()).isEqualTo("cancelled");
    }

    @Test
    void theLastMarkCounts() throws InterruptedException {
        ScrubMark mark = new ScrubMark(3, 1, 2, 99, 4, 5, 6, 0, List.of("found"));
        CountDownLatch marked = new CountDownLatch(1);
        jobs.start(SCRUB, "p", true, progress -> {
            assertThat(progress.markDue()).isFalse();
            pass(Duration.ofSeconds(1));
            assertThat(progress.markDue()).isTrue();
            progress.mark(new JobPlan.Scrub("pool-uuid", new ScrubMark(1, 0, 0, 0, 0, 0, 0, 0, List.of())));
            assertThat(progress.markDue()).isFalse();
            progress.mark(new JobPlan.Scrub("pool-uuid", mark));
            marked.countDown();
            await(new CountDownLatch(1));
            return "";
        });
        marked.await();
        jobs = open();
        assertThat(jobs.interrupted()).containsExactly(new Jobs.Planned("p", new JobPlan.Scrub("pool-uuid", mark)));
    }

    private static JobPlan.Import importOf(String volume) {
        FileIdentity source = new FileIdentity(1, 2, 3, 4, 5);
        return new JobPlan.Import("pool-uuid", volume, "/i", "raw", source, Qos.NONE, false, null, null, 0);
    }

    /** What the one has left would belong to nobody any more. */
    @Test
    void anotherOfTheSameNameDoesNotTakeOverWhatWasInterrupted() throws InterruptedException {
        JobInfo job = hung(importOf("first"), "e");
        jobs = open();
        assertThatThrownBy(() -> jobs.start(importOf("second"), "e", true, _ -> ""))
                .isInstanceOfSatisfying(
                        ProblemException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.POOL_IN_USE))
                .hasMessageContaining("goes on first");
        assertThat(jobs.interrupted()).containsExactly(new Jobs.Planned("e", importOf("first")));
        assertThat(jobs.start(importOf("first"), "e", true, _ -> "").id()).isEqualTo(job.id());
    }

    @Test
    void aListThatIsTooLargeStopsNobody() throws IOException {
        jobs.close();
        try (var file = new RandomAccessFile(folder.resolve("jobs.jsonl").toFile(), "rw")) {
            file.setLength(1L << 40);
        }
        jobs = open();
        assertThat(events.after(0, Duration.ZERO)).extracting("kind").contains("jobs-not-kept");
        assertThat(ended("a", _ -> "").state()).isEqualTo("done");
        jobs.close();
        jobs = open();
        assertThat(jobs.list()).extracting("subject").containsExactly("a");
    }

    /** Each mark of a scrub has all that it found. */
    @Test
    void longLinesDoNotMakeALargeList() throws IOException {
        ScrubMark mark = new ScrubMark(1, 0, 0, 0, 0, 0, 0, 100, Collections.nCopies(100, "x".repeat(1000)));
        Path file = folder.resolve("jobs.jsonl");
        AtomicLong largest = new AtomicLong();
        JobInfo job = ended("p", progress -> {
            for (int i = 0; i < 100; i++) {
                progress.mark(new JobPlan.Scrub("pool-uuid", mark));
                largest.accumulateAndGet(file.toFile().length(), Math::max);
            }
            return "";
        });
        assertThat(largest.get()).isBetween(1L << 20, 5L << 20);
        jobs.close();
        jobs = open();
        assertThat(jobs.list()).containsExactly(job);
    }

    @Test
    void oldOnesAreForgotten() {
        for (int i = 0; i < Jobs.COUNT_MAX + 5; i++) {
            ended("p", _ -> "");
        }
        assertThat(jobs.list()).hasSize(Jobs.COUNT_MAX);
        jobs.close();
        jobs = open();
        assertThat(jobs.list()).hasSize(Jobs.COUNT_MAX);
        assertThat(jobs.list().getLast().id()).isEqualTo(Jobs.COUNT_MAX + 5);
        jobs.close();
        pass(Jobs.ENDED_AGE_MAX.plusSeconds(1));
        jobs = open();
        assertThat(jobs.list()).isEmpty();
        assertThat(ended("p", _ -> "").id()).isEqualTo(Jobs.COUNT_MAX + 6);
    }

    @Test
    void aDamagedListStopsNobody() throws IOException {
        ended("a", _ -> "");
        ended("b", _ -> "");
        jobs.close();
        Files.writeString(folder.resolve("jobs.jsonl"), "{\"id\":3,\"kind\":", StandardOpenOption.APPEND);
        jobs = open();
        assertThat(jobs.list()).hasSize(2);
        assertThat(events.after(0, Duration.ZERO)).extracting("kind").contains("jobs-not-kept");
        assertThat(ended("c", _ -> "").id()).as("3 may have been given").isEqualTo(4);
        jobs.close();
        jobs = open();
        assertThat(jobs.list()).extracting("id").containsExactly(1L, 2L, 4L);
    }

    @Test
    void aFullDiskStopsNobodyAndTheListIsWrittenAgainAfterwards() throws IOException {
        jobs.close();
        Path file = folder.resolve("jobs.jsonl");
        Files.deleteIfExists(file);
        Files.createSymbolicLink(file, Path.of("/dev/full"));
        // What would take the place of the full one cannot be written either.
        Path draft = Files.createDirectory(folder.resolve("jobs.jsonl.new"));
        jobs = open();
        assertThat(ended("a", _ -> "good").state()).isEqualTo("done");
        ended("a", _ -> "good");
        assertThat(events.after(0, Duration.ZERO))
                .as("it is said once, not for each change")
                .extracting("kind")
                .containsExactlyInAnyOrder("jobs-not-kept", "job-done", "job-done");
        Files.delete(draft);
        ended("b", _ -> "");
        jobs.close();
        jobs = open();
        assertThat(jobs.list()).extracting("subject").containsExactly("a", "a", "b");
    }
}
