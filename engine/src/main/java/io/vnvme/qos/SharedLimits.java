package io.vnvme.qos;

import java.util.Arrays;

/**
 * The limits of a group whose members are on several reactors: what their {@link Group}s have in common, and all that they
 * have in common. From any thread.
 */
public final class SharedLimits {
    private final Limits limits;
    /** In the order of {@link Limits#rates}. */
    private final SharedTime[] times;

    /** @param reactors how many there are */
    public SharedLimits(Limits limits, int reactors) {
        this.limits = limits;
        times = new SharedTime[limits.rates().length];
        Arrays.setAll(times, _ -> new SharedTime(reactors, Bucket.savedNs(limits.burstSeconds())));
    }

    public Limits limits() {
        return limits;
    }

    SharedTime time(int limit) {
        return times[limit];
    }
}
