package io.vnvme.control.job;

import io.vnvme.control.model.JobInfo;
import io.vnvme.control.store.JobPlan;
import io.vnvme.control.store.JobRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One piece of long work, in this life of the daemon. */
final class Job implements JobProgress {
    /** How much of its work a crash may cost. */
    private static final Duration MARK_INTERVAL = Duration.ofSeconds(1);

    enum State {
        RUNNING,
        /** The daemon ended while it was under way, and it does not go on yet. */
        INTERRUPTED,
        DONE,
        FAILED,
        CANCELLED;

        private String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final long id;
    private final String kind;
    private final String subject;
    private final String startedBy;
    private final boolean cancellable;
    private final Instant startedAt;
    private final @Nullable Instant resumedAt;
    private final InstantSource clock;
    private final Consumer<Job> marked;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile @Nullable JobPlan plan;
    private volatile @Nullable String step;
    private volatile long doneBytes;
    private volatile long totalBytes;
    /** What was done when it began or went on; -1: it has not said yet. */
    private volatile long firstBytes = -1;

    private volatile boolean cancelled;
    private volatile boolean stopping;
    private volatile State state;
    private volatile long endedBytesPerSecond;
    private volatile @Nullable Instant endedAt;
    private volatile @Nullable String result;
    private volatile Instant lastMark;

    /** A new one. */
    Job(
            long id,
            JobPlan plan,
            String subject,
            String startedBy,
            boolean cancellable,
            InstantSource clock,
            Consumer<Job> marked) {
        this.id = id;
        this.kind = plan.kind();
        this.subject = subject;
        this.startedBy = startedBy;
        this.cancellable = cancellable;
        this.startedAt = clock.instant();
        this.resumedAt = null;
        this.clock = clock;
        this.marked = marked;
        this.plan = plan;
        this.state = State.RUNNING;
        this.lastMark = startedAt;
    }

    /** One of an earlier life. */
    Job(JobRecord record, InstantSource clock) {
        this.id = record.id();
        this.kind = record.kind();
        this.subject = record.subject();
        this.startedBy = record.startedBy();
        this.cancellable = record.cancellable();
        this.startedAt = Instant.parse(record.startedAt());
        this.resumedAt = record.resumedAt() == null ? null : Instant.parse(record.resumedAt());
        this.clock = clock;
        this.marked = _ -> {};
        this.plan = record.plan();
        this.doneBytes = record.doneBytes();
        this.totalBytes = record.totalBytes();
        this.endedBytesPerSecond = record.bytesPerSecond();
        this.endedAt = record.endedAt() == null ? null : Instant.parse(record.endedAt());
        this.result = record.running() ? "the daemon ended while it was under way" : record.result();
        this.state = record.running()
                ? State.INTERRUPTED
                : State.valueOf(record.state().toUpperCase(Locale.ROOT));
        this.lastMark = startedAt;
        ended.countDown();
    }

    /** The same, which goes on. */
    Job(Job interrupted, JobPlan plan, Consumer<Job> marked) {
        this.id = interrupted.id;
        this.kind = interrupted.kind;
        this.subject = interrupted.subject;
        this.startedBy = interrupted.startedBy;
        this.cancellable = interrupted.cancellable;
        this.startedAt = interrupted.startedAt;
        this.clock = interrupted.clock;
        this.resumedAt = clock.instant();
        this.marked = marked;
        this.plan = plan;
        this.doneBytes = interrupted.doneBytes;
        this.totalBytes = interrupted.totalBytes;
        this.state = State.RUNNING;
        this.lastMark = clock.instant();
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

    @Nullable
    JobPlan plan() {
        return plan;
    }

    boolean running() {
        return state == State.RUNNING;
    }

    boolean waiting() {
        return state == State.INTERRUPTED;
    }

    /** Whether it is interrupted in work of which nothing is left that it would have to go on with, or clear away. */
    boolean leavesNothing() {
        JobPlan own = plan;
        return waiting() && own != null && own.beginsAgain();
    }

    /** When it ended; empty while it is under way or interrupted. */
    @Nullable
    Instant endedAt() {
        return endedAt;
    }

    /** Whether it is such work. */
    boolean is(JobPlan wanted, String on) {
        return kind.equals(wanted.kind()) && subject.equals(on);
    }

    /** Whether it was interrupted in such work on that pool. */
    boolean waitsFor(JobPlan wanted) {
        JobPlan own = plan;
        return waiting() && own != null && own.pool().equals(wanted.pool());
    }

    /** Whether it goes on by that: with the same unfinished volume or snapshot, if it has one. */
    boolean goesOnBy(JobPlan wanted) {
        JobPlan own = plan;
        return waitsFor(wanted) && own != null && own.layer().equals(wanted.layer());
    }

    @Override
    public void at(long done, long total) {
        if (firstBytes < 0) {
            firstBytes = done;
        }
        doneBytes = done;
        totalBytes = total;
    }

    @Override
    public void step(String words) {
        step = words;
    }

    @Override
    public boolean cancelled() {
        return cancelled || stopping;
    }

    @Override
    public boolean interrupted() {
        return stopping;
    }

    @Override
    public boolean markDue() {
        return Duration.between(lastMark, clock.instant()).compareTo(MARK_INTERVAL) >= 0;
    }

    @Override
    public void mark(JobPlan next) {
        plan = next;
        marked.accept(this);
        lastMark = clock.instant();
    }

    /** @return whether that is why it stops: not when it is told already to stop since the daemon ends, and to leave all */
    synchronized boolean cancel() {
        cancelled = !stopping;
        return cancelled;
    }

    /** The daemon ends. What is cancelled already cleans up. */
    synchronized void stop() {
        stopping = !cancelled;
    }

    void end(State how, String what) {
        result = what.lines().findFirst().orElse("");
        endedBytesPerSecond = bytesPerSecond();
        if (how != State.INTERRUPTED) {
            endedAt = clock.instant();
            plan = null;
        }
        state = how;
    }

    /** Who waits for the end goes on. */
    void tellEnd() {
        ended.countDown();
    }

    /** @return whether it ended in that time */
    boolean await(Duration time) throws InterruptedException {
        return ended.await(time.toNanos(), TimeUnit.NANOSECONDS);
    }

    private long bytesPerSecond() {
        Instant from = resumedAt == null ? startedAt : resumedAt;
        long millis = Math.max(1, Duration.between(from, clock.instant()).toMillis());
        return Math.max(0, (long) ((doneBytes - Math.max(0, firstBytes)) * 1e3 / millis));
    }

    private static @Nullable String text(@Nullable Instant moment, ChronoUnit unit) {
        return moment == null ? null : moment.truncatedTo(unit).toString();
    }

    JobRecord record() {
        JobPlan next = plan;
        boolean open = next != null && (running() || waiting());
        return new JobRecord(
                id,
                kind,
                subject,
                startedBy,
                open ? JobRecord.RUNNING : state.text(),
                startedAt.truncatedTo(ChronoUnit.MILLIS).toString(),
                text(resumedAt, ChronoUnit.MILLIS),
                text(endedAt, ChronoUnit.MILLIS),
                doneBytes,
                totalBytes,
                open ? 0 : endedBytesPerSecond,
                cancellable,
                open ? null : result,
                open ? next : null);
    }

    JobInfo info() {
        State now = state;
        long done = doneBytes;
        long total = totalBytes;
        double progress = now == State.DONE ? 1 : total <= 0 ? 0 : Math.min(1, (double) done / total);
        return new JobInfo(
                id,
                kind,
                subject,
                now.text(),
                progress,
                now == State.RUNNING ? step : null,
                done,
                total,
                now == State.RUNNING ? bytesPerSecond() : endedBytesPerSecond,
                startedBy,
                startedAt.truncatedTo(ChronoUnit.SECONDS).toString(),
                text(resumedAt, ChronoUnit.SECONDS),
                text(endedAt, ChronoUnit.SECONDS),
                result,
                now == State.RUNNING ? cancellable && !cancelled : leavesNothing());
    }
}
