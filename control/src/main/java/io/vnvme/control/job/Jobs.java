package io.vnvme.control.job;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.store.JobPlan;
import io.vnvme.control.store.JobRecord;
import io.vnvme.control.trace.Traces;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The jobs of this daemon: those under way, those that ended, and those that a restart interrupted. */
public final class Jobs implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Jobs.class.getName());
    /** Jobs that are kept, so that the API shows all at once, and how long after their end. */
    static final int COUNT_MAX = 1000;

    static final Duration ENDED_AGE_MAX = Duration.ofDays(90);
    private static final String CANCELLED = "cancelled";
    private static final Duration CLOSE_WAIT = Duration.ofSeconds(10);

    private final EventLog events;
    private final History history;
    private final InstantSource clock;
    private final Supplier<String> caller;
    private final Traces traces;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Long, Job> jobs = new TreeMap<>();
    private final Map<Ended, Long> ended = new TreeMap<>();
    private long lastId;
    private volatile boolean closed;

    /**
     * How jobs ended.
     *
     * @param state {@code done}, {@code failed} or {@code cancelled}
     */
    public record Ended(String kind, String state) implements Comparable<Ended> {
        @Override
        public int compareTo(Ended other) {
            return Comparator.comparing(Ended::kind).thenComparing(Ended::state).compare(this, other);
        }
    }

    /**
     * One that has not ended.
     *
     * @param subject what it works on
     * @param plan what it needs to go on
     */
    public record Planned(String subject, JobPlan plan) {}

    /**
     * Knows what an earlier daemon had noted.
     *
     * @param folder where they are kept
     * @param caller who asks, on the thread of a request
     */
    public Jobs(Path folder, EventLog events, InstantSource clock, Supplier<String> caller, Traces traces) {
        this.events = events;
        this.clock = clock;
        this.caller = caller;
        this.traces = traces;
        history = new History(folder, events);
        for (JobRecord record : history.found().records()) {
            jobs.put(record.id(), new Job(record, clock));
            lastId = record.id();
        }
        // Each line that is lost may have been that of one more job: no number is given twice.
        lastId += history.found().damage();
        forgetOld();
    }

    /**
     * Starts work on a thread of its own. If the same was interrupted by a restart, it is that job which goes on.
     *
     * @param plan what it needs after a restart
     * @param cancellable whether it looks at {@link JobProgress#cancelled}
     * @throws ProblemException when the same is under way already
     */
    public JobInfo start(JobPlan plan, String subject, boolean cancellable, JobWork work) {
        return begin(plan, subject, cancellable, work, true);
    }

    /**
     * The same of what an earlier daemon had begun.
     *
     * @throws ProblemException also when it does not wait any more: somebody has cancelled it
     */
    public JobInfo resume(JobPlan plan, String subject, boolean cancellable, JobWork work) {
        return begin(plan, subject, cancellable, work, false);
    }

    /** {@link #start} or {@link #resume}. */
    public interface Begin {
        JobInfo begin(JobPlan plan, String subject, boolean cancellable, JobWork work);
    }

    private JobInfo begin(JobPlan plan, String subject, boolean cancellable, JobWork work, boolean anew) {
        Job job;
        boolean resumed = false;
        lock.lock();
        try {
            if (closed) {
                throw ending();
            }
            Job before = same(plan, subject);
            if (before == null && !anew) {
                throw new ProblemException(
                        ProblemCode.JOB_ENDED,
                        "%s of %s does not wait any more: it was cancelled".formatted(plan.kind(), subject));
            }
            if (before == null) {
                job = new Job(++lastId, plan, subject, caller.get(), cancellable, clock, j -> note(j, false));
            } else {
                job = new Job(before, plan, j -> note(j, false));
                resumed = true;
            }
            jobs.put(job.id(), job);
            forgetOld();
        } finally {
            lock.unlock();
        }
        note(job, true);
        if (resumed) {
            events.add(EventKind.JOB_RESUMED, subject, "%s of %s goes on".formatted(job.kind(), subject));
        }
        Span span = traces.job(job.kind(), subject);
        // A platform thread: the work waits in native calls, which would hold up virtual threads.
        Thread.ofPlatform()
                .daemon()
                .name("job " + job.id())
                .start(() -> run(job, progress -> traced(progress, work, span)));
        return job.info();
    }

    private static ProblemException ending() {
        return new ProblemException(ProblemCode.INTERNAL, "the daemon is ending: start it again first");
    }

    /** With the lock: the interrupted job that did this. @throws ProblemException when one is under way */
    private @Nullable Job same(JobPlan plan, String subject) {
        Job interrupted = null;
        for (Job other : jobs.values()) {
            if (!other.is(plan, subject)) {
                continue;
            }
            if (other.running()) {
                throw new ProblemException(
                        ProblemCode.POOL_IN_USE,
                        "job %d does that already (%s of %s): see 'vnvme jobs'"
                                .formatted(other.id(), other.kind(), subject));
            }
            if (other.goesOnBy(plan)) {
                interrupted = other;
            } else if (other.waitsFor(plan)) {
                throw new ProblemException(
                        ProblemCode.POOL_IN_USE,
                        "job %d (%s of %s) is interrupted and goes on first: see 'vnvme jobs'"
                                .formatted(other.id(), other.kind(), subject));
            }
        }
        return interrupted;
    }

    private void note(Job job, boolean sync) {
        history.note(job.record(), sync, this::records);
    }

    private List<JobRecord> records() {
        lock.lock();
        try {
            return jobs.values().stream().map(Job::record).toList();
        } finally {
            lock.unlock();
        }
    }

    private void forgetOld() {
        Instant oldest = clock.instant().minus(ENDED_AGE_MAX);
        List<Job> over = jobs.values().stream().filter(j -> j.endedAt() != null).toList();
        int tooMany = jobs.size() - COUNT_MAX;
        for (int i = 0; i < over.size(); i++) {
            Instant end = over.get(i).endedAt();
            if (i < tooMany || end != null && end.isBefore(oldest)) {
                jobs.remove(over.get(i).id());
            }
        }
    }

    private static String traced(JobProgress job, JobWork work, Span span) {
        try {
            return work.run(job);
        } catch (RuntimeException | Error e) {
            span.setStatus(e instanceof CancellationException ? StatusCode.UNSET : StatusCode.ERROR);
            throw e;
        } finally {
            span.end();
        }
    }

    private void run(Job job, JobWork work) {
        try {
            String result = work.run(job);
            // The event first: who waits for the end finds it.
            events.add(EventKind.JOB_DONE, job.subject(), "%s of %s: %s".formatted(job.kind(), job.subject(), result));
            end(job, Job.State.DONE, result);
        } catch (CancellationException e) {
            if (job.interrupted()) {
                interrupt(job);
            } else {
                events.add(EventKind.JOB_CANCELLED, job.subject(), "%s of %s".formatted(job.kind(), job.subject()));
                end(job, Job.State.CANCELLED, CANCELLED);
            }
        } catch (ProblemException e) {
            failed(job, e.detail());
        } catch (Throwable e) {
            LOG.log(closed ? Level.DEBUG : Level.ERROR, "%s of %s failed".formatted(job.kind(), job.subject()), e);
            failed(job, String.valueOf(e.getMessage()));
        }
    }

    private void end(Job job, Job.State state, String what) {
        lock.lock();
        try {
            count(job, state, what);
        } finally {
            lock.unlock();
        }
        note(job, true);
        job.tellEnd();
    }

    /** With the lock. */
    private void count(Job job, Job.State state, String what) {
        ended.merge(new Ended(job.kind(), state.name().toLowerCase(Locale.ROOT)), 1L, Long::sum);
        job.end(state, what);
    }

    /** The daemon's end stops it; what is kept of it says that it is under way. */
    private void interrupt(Job job) {
        job.end(Job.State.INTERRUPTED, "the daemon ends");
        note(job, false);
        job.tellEnd();
    }

    private void failed(Job job, String why) {
        if (closed) {
            // Its pool was closed under it, most likely. If not, it fails again when it goes on.
            interrupt(job);
            return;
        }
        events.add(EventKind.JOB_FAILED, job.subject(), "%s of %s: %s".formatted(job.kind(), job.subject(), why));
        end(job, Job.State.FAILED, why);
    }

    /** Those that were under way when an earlier daemon ended and do not go on yet. */
    public List<Planned> interrupted() {
        return planned(Job::waiting);
    }

    /** Those that are under way, and those that are interrupted. */
    public List<Planned> planned() {
        return planned(job -> job.running() || job.waiting());
    }

    private List<Planned> planned(Predicate<Job> which) {
        lock.lock();
        try {
            List<Planned> found = new ArrayList<>();
            for (Job job : jobs.values()) {
                JobPlan plan = job.plan();
                if (which.test(job) && plan != null) {
                    found.add(new Planned(job.subject(), plan));
                }
            }
            return found;
        } finally {
            lock.unlock();
        }
    }

    /** All that are known, oldest first. */
    public List<JobInfo> list() {
        lock.lock();
        try {
            return jobs.values().stream().map(Job::info).toList();
        } finally {
            lock.unlock();
        }
    }

    /** How many have ended how, since the daemon began. */
    public Map<Ended, Long> ended() {
        lock.lock();
        try {
            return new TreeMap<>(ended);
        } finally {
            lock.unlock();
        }
    }

    public int runningCount() {
        return (int) list().stream().filter(j -> j.state().equals("running")).count();
    }

    /** The one under way on {@code subject}, of any kind. */
    public Optional<JobInfo> on(String subject) {
        return list().stream()
                .filter(j -> j.state().equals("running") && j.subject().equals(subject))
                .findFirst();
    }

    /**
     * Shows a job.
     *
     * @param wait how long to wait for its end
     * @throws ProblemException when there is none of that number
     */
    public JobInfo show(long id, Duration wait) {
        Job job = require(id);
        try {
            boolean ended = job.await(wait);
            LOG.log(Level.TRACE, "job {0} ended: {1}", id, ended);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return job.info();
    }

    /** Asks a job to stop. @throws ProblemException when it has ended, or cannot be */
    public JobInfo cancel(long id) {
        Job job = require(id);
        if (endWaiting(job)) {
            return job.info();
        }
        if (job.waiting()) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "job %d, %s of %s, is interrupted: it goes on when its pool is open, and can be cancelled then"
                            .formatted(id, job.kind(), job.subject()));
        }
        if (!job.running()) {
            throw new ProblemException(ProblemCode.JOB_ENDED, "job %d has ended: nothing to cancel".formatted(id));
        }
        if (!job.cancellable()) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "job %d, %s of %s, cannot be cancelled: it ends by itself"
                            .formatted(id, job.kind(), job.subject()));
        }
        if (!job.cancel()) {
            throw ending();
        }
        return job.info();
    }

    /** Ends one that is interrupted, if there is nothing that only its going on could clear away. */
    private boolean endWaiting(Job job) {
        lock.lock();
        try {
            // Its number may be that of one which goes on by now.
            if (closed || jobs.get(job.id()) != job || !job.leavesNothing()) {
                return false;
            }
            count(job, Job.State.CANCELLED, CANCELLED);
        } finally {
            lock.unlock();
        }
        events.add(EventKind.JOB_CANCELLED, job.subject(), "%s of %s".formatted(job.kind(), job.subject()));
        note(job, true);
        return true;
    }

    private Job require(long id) {
        lock.lock();
        try {
            Job job = jobs.get(id);
            if (job == null) {
                throw new ProblemException(ProblemCode.UNKNOWN_JOB, "no job %d: see 'vnvme jobs'".formatted(id));
            }
            return job;
        } finally {
            lock.unlock();
        }
    }

    /** Has all stop and waits a while. They go on at the next start; those that their pool remembers end with that. */
    @Override
    public void close() {
        List<Job> running;
        lock.lock();
        try {
            closed = true;
            running = jobs.values().stream().filter(Jobs::stops).toList();
        } finally {
            lock.unlock();
        }
        running.forEach(Job::stop);
        long deadlineNs = System.nanoTime() + CLOSE_WAIT.toNanos();
        for (Job job : running) {
            try {
                if (!job.await(Duration.ofNanos(Math.max(0, deadlineNs - System.nanoTime())))) {
                    LOG.log(Level.WARNING, "job {0} did not stop", job.id());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        history.close();
    }

    private static boolean stops(Job job) {
        JobPlan plan = job.plan();
        return job.running() && plan != null && !plan.inPool();
    }
}
