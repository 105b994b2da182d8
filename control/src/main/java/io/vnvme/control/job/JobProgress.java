package io.vnvme.control.job;

import io.vnvme.control.plane.Progress;
import io.vnvme.control.store.JobPlan;

/** A job, towards what it does. */
public interface JobProgress extends Progress {
    /** Keeps that it can go on after a restart with this. */
    void mark(JobPlan plan);
}
