package io.vnvme.qos;

import org.jspecify.annotations.Nullable;

/**
 * Credit that comes at a constant rate and can be saved up to a bound. Who takes more than there is leaves a debt, which
 * the next one waits for: so a request larger than the bound goes through, and the rate holds all the same.
 *
 * <p>Credit is a whole number of units and a number of billionths of one: what comes in a nanosecond is {@code rate}
 * billionths, so nothing is ever rounded, whatever the rate and however often it is looked at.
 */
final class Bucket {
    /**
     * What can always be saved up: less than a look that comes late by that much - the reactor slept, the host's scheduler
     * had other plans - must not cost credit. A hundredth of a second adds at most 1 % to any one second.
     */
    private static final long SLACK_NS = 10_000_000;

    private static final long SECOND_NS = 1_000_000_000;
    /** More than a full bucket takes, with all debt there can be; keeps {@code rate} times it within 64 bits. */
    private static final long ELAPSED_SECONDS_MAX = 1_000_000;
    /** Debt that is waited for at once; for more, one looks again. Keeps the product within 64 bits. */
    private static final long WAIT_UNITS_MAX = 8_000_000_000L;

    /** Longest wait before another look where others may take what comes; a later look than that loses nothing yet. */
    static final long SHARED_LOOK_NS = 2_000_000;

    private final long rate;
    private final @Nullable SharedTime shared;
    private final int reactor;
    private int weight = 1;
    private final long capacity;
    private final long capacityFraction;
    private long credit;
    private long fraction;
    private long lastNs;
    private boolean begun;

    /**
     * Begins with the first {@link #refill}, without credit and without debt.
     *
     * @param rate units a second, 1 to {@link Limits#RATE_MAX}
     */
    Bucket(long rate, int burstSeconds) {
        this.rate = rate;
        this.shared = null;
        this.reactor = 0;
        long slack = rate / SECOND_NS * SLACK_NS;
        long slackFraction = rate % SECOND_NS * SLACK_NS;
        this.capacity = burstSeconds > 0 ? rate * burstSeconds : slack + slackFraction / SECOND_NS;
        this.capacityFraction = burstSeconds > 0 ? 0 : slackFraction % SECOND_NS;
    }

    /**
     * A reactor's part of a limit of several: it has no credit of its own, but takes what its debts are from the time that all
     * have. Each may have one request of debt.
     */
    Bucket(long rate, SharedTime shared, int reactor) {
        this.rate = rate;
        this.shared = shared;
        this.reactor = reactor;
        this.capacity = Long.MAX_VALUE;
        this.capacityFraction = 0;
    }

    /** How long a limit's unused time can be given later. */
    static long savedNs(int burstSeconds) {
        return burstSeconds > 0 ? burstSeconds * SECOND_NS : SLACK_NS;
    }

    /** Of what waits for it on this reactor; 0 when nothing does. */
    void weight(int waiting) {
        weight = Math.max(1, waiting);
    }

    /** Gives what has come since the last call. */
    void refill(long nowNs) {
        if (shared != null) {
            shared.begin(nowNs);
            if (credit < 0) {
                gain(shared.take(reactor, weight, nowNs, debtNs()));
            }
            return;
        }
        if (!begun) {
            begun = true;
            lastNs = nowNs;
        }
        long elapsed = nowNs - lastNs;
        if (elapsed > 0) {
            lastNs = nowNs;
            gain(elapsed);
        }
    }

    private void gain(long elapsed) {
        long seconds = Math.min(elapsed / SECOND_NS, ELAPSED_SECONDS_MAX);
        long rest = elapsed % SECOND_NS;
        long parts = rate % SECOND_NS * rest + fraction;
        credit += rate * seconds + rate / SECOND_NS * rest + parts / SECOND_NS;
        fraction = parts % SECOND_NS;
        if (credit > capacity || (credit == capacity && fraction > capacityFraction)) {
            credit = capacity;
            fraction = capacityFraction;
        }
    }

    /** Whether somebody may go: there is no debt. */
    boolean open() {
        return credit >= 0;
    }

    void take(long units) {
        credit -= units;
    }

    /** Nanoseconds from the last {@link #refill} until it is {@link #open}, or until it is worth another look. */
    long waitNs() {
        if (credit >= 0) {
            return 0;
        }
        return shared == null ? debtNs() : Math.min(debtNs(), SHARED_LOOK_NS);
    }

    private long debtNs() {
        long debt = Math.min(-credit, WAIT_UNITS_MAX);
        return (debt * SECOND_NS - fraction + rate - 1) / rate;
    }

    /** Nanoseconds that {@code units} take at this rate. */
    long timeNs(long units) {
        return Math.min(units, WAIT_UNITS_MAX) * SECOND_NS / rate;
    }
}
