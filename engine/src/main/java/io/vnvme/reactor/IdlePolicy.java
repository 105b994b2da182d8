package io.vnvme.reactor;

/**
 * When a reactor without work stops polling, and for how long it may sleep.
 *
 * <p>Guests ring doorbells by plain stores, which wake nobody: a sleeping reactor looks again after at most
 * {@code sleepMaxNs}. Sleeps begin short and double, so a guest that pauses briefly is hardly delayed.
 *
 * @param spinNs time without work before the first sleep, in nanoseconds
 * @param sleepMinNs first sleep, in nanoseconds
 * @param sleepMaxNs longest sleep, in nanoseconds
 */
public record IdlePolicy(long spinNs, long sleepMinNs, long sleepMaxNs) {
    /** Polls for 200 us, then sleeps 20 us to 500 us at a time. */
    public static final IdlePolicy ADAPTIVE = new IdlePolicy(200_000, 20_000, 500_000);
    /** Never sleeps. */
    public static final IdlePolicy POLL = new IdlePolicy(Long.MAX_VALUE, 0, 0);

    public IdlePolicy {
        if (spinNs < 0 || sleepMinNs < 0 || sleepMaxNs < sleepMinNs) {
            throw new IllegalArgumentException("idle policy " + spinNs + ", " + sleepMinNs + ", " + sleepMaxNs);
        }
    }
}
