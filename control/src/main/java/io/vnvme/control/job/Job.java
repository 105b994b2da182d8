package io.vnvme.control.job;

import io.vnvme.control.model.JobInfo;
import io.vnvme.control.plane.Progress;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One piece of long work. */
final class Job implements Progress {
    enum State {
        RUNNING,
        DONE,
        FAILED,
        CANCELLED
    }

    private final long id;
    private final String kind;
    private final String subject;
    private final boolean cancellable;
    private final boolean lasting;
    private final Instant startedAt = Instant.now();
    private final long startNs = System.nanoTime();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile long doneBytes;
    private volatile long totalBytes;
    private volatile boolean cancelled;
    private volatile State state = State.RUNNING;
    private volatile long endNs;
    private volatile @Nullable Instant endedAt;
    private volatile @Nullable String result;

    Job(long id, String kind, String subject, boolean cancellable, boolean lasting) {
        this.id = id;
        this.kind = kind;
        this.subject = subject;
        this.cancellable = cancellable;
        this.lasting = lasting;
    }

    long id() {
        return id;
    }

    String kind() {
        return kind;
    }

    String subject() {
        return subject;
    }

    boolean cancellable() {
        return cancellable;
    }

    /** Whether the daemon's end only interrupts it. */
    boolean lasting() {
        return lasting;
    }

    boolean running() {
        return state == State.RUNNING;
    }

    @Override
    public void at(long done, long total) {
        doneBytes = done;
        totalBytes = total;
    }

    @Override
    public boolean cancelled() {
        return cancelled;
    }

    void cancel() {
        cancelled = true;
    }

    void end(State how, String what) {
        result = what.lines().findFirst().orElse("");
        endNs = System.nanoTime();
        endedAt = Instant.now();
        state = how;
        ended.countDown();
    }

    /** @return whether it ended in that time */
    boolean await(Duration time) throws InterruptedException {
        return ended.await(time.toNanos(), TimeUnit.NANOSECONDS);
    }

    JobInfo info() {
        State now = state;
        long done = doneBytes;
        long total = totalBytes;
        long ns = Math.max(1, (now == State.RUNNING ? System.nanoTime() : endNs) - startNs);
        Instant end = endedAt;
        double progress = now == State.DONE ? 1 : total <= 0 ? 0 : Math.min(1, (double) done / total);
        return new JobInfo(
                id,
                kind,
                subject,
                now.name().toLowerCase(Locale.ROOT),
                progress,
                done,
                total,
                (long) (done * 1e9 / ns),
                startedAt.truncatedTo(ChronoUnit.SECONDS).toString(),
                end == null ? null : end.truncatedTo(ChronoUnit.SECONDS).toString(),
                result,
                now == State.RUNNING && cancellable && !cancelled);
    }
}
