package io.vnvme.qos;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The time of one limit that several reactors keep together: each nanosecond of it is given to one of them, whose
 * {@link Bucket} makes credit of it. So the limit holds whoever asks how often, and nobody holds credit that he does not use.
 *
 * <p>While several want more than there is, each gets the part that its weight is of all weights: who is ahead in time
 * divided by weight gets nothing until the others have caught up, or have not asked for a while. Whose turn it is goes by
 * numbers that may be a moment old; how much there is does not.
 */
final class SharedTime {
    /** Who has asked in vain this recently wants more. Longer than {@link Bucket#SHARED_LOOK_NS}, shorter than what is saved up. */
    private static final long PRESENT_NS = 5_000_000;
    /**
     * How much one may have got before another has had his part: as much as comes while that one is away with other work. With
     * less, what has come would be left lying; with more, parts would be less even within a second.
     */
    private static final long LEAD_NS = 5_000_000;

    private static final long NEVER = Long.MIN_VALUE;
    /** Longs of a reactor, and where they are; its lines of the processor's cache are its own. */
    private static final int STRIDE = 16;

    private static final int AHEAD = 0;
    private static final int ASKED_NS = 1;

    private static final VarHandle GIVEN;
    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

    static {
        try {
            GIVEN = MethodHandles.lookup().findVarHandle(SharedTime.class, "givenUntilNs", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final long savedMaxNs;
    private final long[] states;
    /** All before this was given away, or is too old. */
    private volatile long givenUntilNs = NEVER;

    /**
     * @param reactors how many there are
     * @param savedMaxNs how much of it that nobody wanted may be given later, in nanoseconds
     */
    SharedTime(int reactors, long savedMaxNs) {
        this.savedMaxNs = savedMaxNs;
        states = new long[(reactors + 1) * STRIDE];
        Arrays.fill(states, NEVER);
        for (int reactor = 0; reactor < reactors; reactor++) {
            states[at(reactor) + AHEAD] = 0;
        }
    }

    /** Behind a stride that belongs to what lies before the array. */
    private static int at(int reactor) {
        return (reactor + 1) * STRIDE;
    }

    /** Time passes from now on; a second call does nothing. */
    void begin(long nowNs) {
        if (givenUntilNs == NEVER) {
            GIVEN.compareAndSet(this, NEVER, nowNs);
        }
    }

    /**
     * Asks for time.
     *
     * @param reactor who asks: 0 to the number of reactors less 1
     * @param weight of what waits there
     * @return how much it gets, 0 to {@code wantedNs}
     */
    long take(int reactor, int weight, long nowNs, long wantedNs) {
        int own = at(reactor);
        long ahead = turn(own, nowNs);
        if (held(own, ahead, weight, nowNs)) {
            return 0;
        }
        while (true) {
            long given = givenUntilNs;
            long from = Math.max(given, nowNs - savedMaxNs);
            long taken = Math.min(nowNs - from, wantedNs);
            if (taken <= 0) {
                return 0;
            }
            if (GIVEN.compareAndSet(this, given, from + taken)) {
                LONGS.setOpaque(states, own + AHEAD, ahead + taken * Share.WEIGHT_MAX / weight);
                return taken;
            }
        }
    }

    /** Where a reactor stands among the others. One that has wanted nothing for a while saves up no turns. */
    private long turn(int own, long nowNs) {
        long ahead = states[own + AHEAD];
        if (absent(own, nowNs)) {
            for (int other = at(0); other < states.length; other += STRIDE) {
                if (other != own && !absent(other, nowNs)) {
                    long theirs = (long) LONGS.getOpaque(states, other + AHEAD);
                    ahead = theirs - ahead > 0 ? theirs : ahead;
                }
            }
            LONGS.setOpaque(states, own + AHEAD, ahead);
        }
        LONGS.setOpaque(states, own + ASKED_NS, nowNs);
        return ahead;
    }

    private boolean absent(int state, long nowNs) {
        long asked = (long) LONGS.getOpaque(states, state + ASKED_NS);
        return asked == NEVER || nowNs - asked > PRESENT_NS;
    }

    private boolean held(int own, long ahead, int weight, long nowNs) {
        for (int other = at(0); other < states.length; other += STRIDE) {
            if (other != own && !absent(other, nowNs)) {
                long lead = ahead - (long) LONGS.getOpaque(states, other + AHEAD);
                if (lead > 0 && lead / Share.WEIGHT_MAX * weight > LEAD_NS) {
                    return true;
                }
            }
        }
        return false;
    }
}
