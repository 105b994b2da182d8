package io.vnvme.reactor;

/** Where a reactor stands between its last work and its next sleep. */
final class IdleState {
    private final IdlePolicy policy;
    private long spinNs;
    private long idleSinceNs;
    private boolean idle;
    private boolean slept;

    IdleState(IdlePolicy policy) {
        this.policy = policy;
        spinNs = policy.spinMinNs();
    }

    /**
     * A pass was made.
     *
     * @return whether to sleep now: never before two passes in a row found nothing, so that what one poller left for another
     *     was looked at
     */
    boolean next(int work, long nowNs) {
        if (work > 0) {
            worked(nowNs);
            return false;
        }
        if (!idle) {
            idle = true;
            idleSinceNs = nowNs;
            return false;
        }
        return nowNs - idleSinceNs >= spinNs && spinNs != Long.MAX_VALUE;
    }

    /** There was a sleep, and nothing has been done since. */
    void slept() {
        slept = true;
    }

    /** Something was done. */
    void worked(long nowNs) {
        if (slept) {
            slept = false;
            boolean missed = nowNs - idleSinceNs < policy.spinMaxNs();
            spinNs = Math.clamp(missed ? spinNs * 2 : spinNs / 2, policy.spinMinNs(), policy.spinMaxNs());
        }
        idle = false;
    }
}
