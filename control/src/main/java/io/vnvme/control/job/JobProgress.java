package io.vnvme.control.job;

import io.vnvme.control.plane.Progress;
import io.vnvme.control.store.JobPlan;

/** A job, towards what it does. */
public interface JobProgress extends Progress {
    /** Says what it is at: a few words, of work in several steps. */
    void step(String words);

    /** Keeps that it can go on after a restart with this. */
    void mark(JobPlan plan);
}
