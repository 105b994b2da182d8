package io.vnvme.control.job;

/** What a job does. */
@FunctionalInterface
public interface JobWork {
    /**
     * Does it, or what is left of it.
     *
     * @return one line for people: what it came to
     * @throws java.util.concurrent.CancellationException when it saw that it has to stop, with nothing of it left unless it
     *     is {@linkplain JobProgress#interrupted only interrupted}
     */
    String run(JobProgress progress);
}
