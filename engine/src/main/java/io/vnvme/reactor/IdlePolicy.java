package io.vnvme.reactor;

import java.util.List;

/**
 * For how long a reactor without work polls before it sleeps.
 *
 * <p>The time moves between two limits. Where work came within the longer one after a sleep began, polling a little longer
 * would have caught it: the time doubles. Where it came later, polling was in vain: it halves.
 *
 * @param name as {@code --idle} has it
 * @param spinMinNs shortest time of polling, in nanoseconds
 * @param spinMaxNs longest time of polling, in nanoseconds; {@link Long#MAX_VALUE}: there is no sleep
 */
public record IdlePolicy(String name, long spinMinNs, long spinMaxNs) {
    /** Never sleeps. */
    public static final IdlePolicy POLL = new IdlePolicy("poll", Long.MAX_VALUE, Long.MAX_VALUE);
    /**
     * Polls for as long as that has paid lately. To sleep and to be woken takes some 10 us of processor time, so less is not
     * worth a sleep; a guest that comes within 200 us, as one at depth 1 does, is not worth it either.
     */
    public static final IdlePolicy ADAPTIVE = new IdlePolicy("adaptive", 10_000, 200_000);
    /** Sleeps as soon as there is nothing to do. */
    public static final IdlePolicy INTERRUPT = new IdlePolicy("interrupt", 0, 0);

    private static final List<IdlePolicy> ALL = List.of(POLL, ADAPTIVE, INTERRUPT);

    public IdlePolicy {
        if (spinMinNs < 0 || spinMaxNs < spinMinNs) {
            throw new IllegalArgumentException("polling for %d to %d ns".formatted(spinMinNs, spinMaxNs));
        }
    }

    /** @throws IllegalArgumentException when {@code name} is not poll, adaptive or interrupt */
    public static IdlePolicy of(String name) {
        return ALL.stream()
                .filter(policy -> policy.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "idle policy %s: it is poll, adaptive or interrupt".formatted(name)));
    }
}
