package io.vnvme.control.job;

import io.vnvme.control.plane.Progress;

/** What a job does. */
@FunctionalInterface
public interface JobWork {
    /**
     * Does it.
     *
     * @return one line for people: what it came to
     * @throws java.util.concurrent.CancellationException when it saw that it is cancelled, with nothing of it left
     */
    String run(Progress progress);
}
