package io.vnvme.testkit.qos;

import io.vnvme.qos.Group;
import io.vnvme.qos.Limits;
import io.vnvme.qos.Share;
import io.vnvme.qos.Ticket;
import java.util.ArrayDeque;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Somebody who always wants more than he gets: a number of commands, begun anew as soon as they were let through. */
final class Client {
    final Share share;
    final Limits limits;
    final int weight;
    final @Nullable Group group;
    final Tally tally = new Tally();
    private final SplittableRandom random;
    private final int readPercent;
    private final int bytesMax;
    /** Let through, and to ask again. */
    private final ArrayDeque<Wish> free = new ArrayDeque<>();

    private int waiting;
    /** At each look since the tally was cleared all that it has came to wait. */
    private boolean alwaysSaturated;

    private final int depth;

    /** Commands and bytes that were let through, by kind. */
    static final class Tally {
        final long[] commands = new long[2];
        final long[] bytes = new long[2];

        void add(int kind, long byteCount) {
            commands[kind]++;
            bytes[kind] += byteCount;
        }

        void clear() {
            commands[0] = commands[1] = bytes[0] = bytes[1] = 0;
        }
    }

    Client(
            Share share,
            Limits limits,
            int weight,
            @Nullable Group group,
            int depth,
            int readPercent,
            int bytesMax,
            SplittableRandom random) {
        this.share = share;
        this.limits = limits;
        this.weight = weight;
        this.group = group;
        this.depth = depth;
        this.readPercent = readPercent;
        this.bytesMax = bytesMax;
        this.random = random;
        share.set(limits, weight, group);
        for (int i = 0; i < depth; i++) {
            free.add(new Wish());
        }
    }

    private final class Wish extends Ticket {
        private int kind;
        private long bytes;

        void choose() {
            kind = random.nextInt(100) < readPercent ? READ : WRITE;
            bytes = 512L * random.nextInt(1, bytesMax / 512 + 1);
            asks(kind, bytes);
        }

        @Override
        protected void admitted() {
            waiting--;
            tally.add(kind, bytes);
            free.add(this);
        }
    }

    /** Asks for all that is free, at most once each: what goes through at once asks again at the next look. */
    void ask() {
        for (int i = free.size(); i > 0; i--) {
            Wish wish = free.remove();
            wish.choose();
            if (share.free() || share.admit(wish)) {
                tally.add(wish.kind, wish.bytes);
                free.add(wish);
            } else {
                waiting++;
            }
        }
        alwaysSaturated &= waiting == depth;
    }

    /** A second begins. */
    void clear() {
        tally.clear();
        alwaysSaturated = true;
    }

    /** True when nothing more is to be asked: all that it has waits. */
    boolean saturated() {
        return waiting == depth;
    }

    /**
     * True when it was {@link #saturated} after each look since {@link #clear}. One that does what nothing limits in between
     * may leave a limit unused meanwhile.
     */
    boolean alwaysSaturated() {
        return alwaysSaturated;
    }

    /** Commands that are somewhere: none is lost. */
    int known() {
        return waiting + free.size();
    }

    int depth() {
        return depth;
    }
}
