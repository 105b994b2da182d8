package io.vnvme.control.job;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;

/** The jobs of this daemon: those under way and the last that ended. */
public final class Jobs implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Jobs.class.getName());
    private static final int ENDED_MAX = 100;
    private static final Duration CLOSE_WAIT = Duration.ofSeconds(10);

    private final EventLog events;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Long, Job> jobs = new LinkedHashMap<>();
    private final Map<Ended, Long> ended = new TreeMap<>();
    private long lastId;
    private boolean closed;

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

    public Jobs(EventLog events) {
        this.events = events;
    }

    /**
     * Starts work on a thread of its own.
     *
     * @param cancellable whether it looks at {@link Progress#cancelled}
     * @throws ProblemException when the same is under way already
     */
    public JobInfo start(String kind, String subject, boolean cancellable, JobWork work) {
        return start(kind, subject, cancellable, false, work);
    }

    /** Starts work that its pool remembers: it can be cancelled, but the daemon's end only interrupts it. */
    public JobInfo startLasting(String kind, String subject, JobWork work) {
        return start(kind, subject, true, true, work);
    }

    private JobInfo start(String kind, String subject, boolean cancellable, boolean lasting, JobWork work) {
        Job job;
        lock.lock();
        try {
            if (closed) {
                throw new ProblemException(ProblemCode.INTERNAL, "the daemon is ending: start it again first");
            }
            for (Job other : jobs.values()) {
                if (other.running()
                        && other.kind().equals(kind)
                        && other.subject().equals(subject)) {
                    throw new ProblemException(
                            ProblemCode.POOL_IN_USE,
                            "job %d does that already (%s of %s): see 'vnvme jobs'"
                                    .formatted(other.id(), kind, subject));
                }
            }
            job = new Job(++lastId, kind, subject, cancellable, lasting);
            jobs.put(job.id(), job);
            forgetOld();
        } finally {
            lock.unlock();
        }
        // A platform thread: the work waits in native calls, which would hold up virtual threads.
        Thread.ofPlatform().daemon().name("job " + job.id()).start(() -> run(job, work));
        return job.info();
    }

    private void forgetOld() {
        List<Job> ended = jobs.values().stream().filter(j -> !j.running()).toList();
        ended.stream().limit(Math.max(0, ended.size() - ENDED_MAX)).forEach(j -> jobs.remove(j.id()));
    }

    private void run(Job job, JobWork work) {
        try {
            String result = work.run(job);
            // The event first: who waits for the end finds it.
            events.add(EventKind.JOB_DONE, job.subject(), "%s of %s: %s".formatted(job.kind(), job.subject(), result));
            end(job, Job.State.DONE, result);
        } catch (CancellationException e) {
            events.add(EventKind.JOB_CANCELLED, job.subject(), "%s of %s".formatted(job.kind(), job.subject()));
            end(job, Job.State.CANCELLED, "cancelled");
        } catch (ProblemException e) {
            failed(job, e.detail());
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "%s of %s failed".formatted(job.kind(), job.subject()), e);
            failed(job, String.valueOf(e.getMessage()));
        }
    }

    private void end(Job job, Job.State state, String what) {
        lock.lock();
        try {
            ended.merge(new Ended(job.kind(), state.name().toLowerCase(Locale.ROOT)), 1L, Long::sum);
        } finally {
            lock.unlock();
        }
        job.end(state, what);
    }

    private void failed(Job job, String why) {
        events.add(EventKind.JOB_FAILED, job.subject(), "%s of %s: %s".formatted(job.kind(), job.subject(), why));
        end(job, Job.State.FAILED, why);
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
        if (!job.running()) {
            throw new ProblemException(ProblemCode.JOB_ENDED, "job %d has ended: nothing to cancel".formatted(id));
        }
        if (!job.cancellable()) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "job %d, %s of %s, cannot be cancelled: it ends by itself"
                            .formatted(id, job.kind(), job.subject()));
        }
        job.cancel();
        return job.info();
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

    /** Asks all to stop and waits a while; those that a pool remembers go on at the next start. */
    @Override
    public void close() {
        List<Job> running;
        lock.lock();
        try {
            closed = true;
            running = jobs.values().stream()
                    .filter(j -> j.running() && !j.lasting())
                    .toList();
        } finally {
            lock.unlock();
        }
        running.forEach(Job::cancel);
        for (Job job : running) {
            try {
                if (!job.await(CLOSE_WAIT)) {
                    LOG.log(Level.WARNING, "job {0} did not stop", job.id());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
