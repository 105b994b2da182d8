package io.vnvme.reactor;

/** Where a reactor stands between its last work and its next sleep. */
final class IdleState {
    private final IdlePolicy policy;
    private long idleSinceNs;
    private long sleepNs;
    private boolean idle;

    IdleState(IdlePolicy policy) {
        this.policy = policy;
    }

    /** How long to sleep now, in nanoseconds; 0 to go on polling. */
    long next(int work, long nowNs) {
        if (work > 0 || !idle) {
            idle = work == 0;
            idleSinceNs = nowNs;
            sleepNs = 0;
            return 0;
        }
        if (nowNs - idleSinceNs < policy.spinNs()) {
            return 0;
        }
        sleepNs = Math.clamp(sleepNs * 2, policy.sleepMinNs(), policy.sleepMaxNs());
        return sleepNs;
    }

    /** A socket ended the sleep: poll for a while again. */
    void woken(long nowNs) {
        idleSinceNs = nowNs;
        sleepNs = 0;
    }
}
