package io.vnvme.control.auth;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Failed sign-ins by address. It bounds what guessing costs us; that it finds nothing is for the length of the secrets to
 * see to. So a right secret is let in all the same, and nobody can lock others of the same address out.
 */
final class SignInLimit {
    static final int FAILURES_MAX = 10;
    static final Duration WINDOW = Duration.ofMinutes(1);
    /** Addresses that are remembered; the oldest gives way. */
    static final int ADDRESSES_MAX = 10_000;

    private final InstantSource clock;
    private final Map<String, Failures> failures = new LinkedHashMap<>();

    private record Failures(Instant since, int count) {
        static final Failures NONE = new Failures(Instant.EPOCH, 0);
    }

    SignInLimit(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * Counts a failure.
     *
     * @return how long to wait before the next, when there were too many
     */
    synchronized Optional<Duration> failed(String address) {
        Instant now = clock.instant();
        Failures before = failures.getOrDefault(address, Failures.NONE);
        boolean fresh = !now.isBefore(before.since().plus(WINDOW));
        Failures after = fresh ? new Failures(now, 1) : new Failures(before.since(), before.count() + 1);
        if (fresh) {
            failures.remove(address);
            if (failures.size() >= ADDRESSES_MAX) {
                failures.remove(failures.keySet().iterator().next());
            }
        }
        failures.put(address, after);
        return after.count() <= FAILURES_MAX
                ? Optional.empty()
                : Optional.of(Duration.between(now, after.since().plus(WINDOW)));
    }
}
