package io.vnvme.qos;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The buckets of one set of limits: for each kind of command those that count it, and those that count its bytes. */
final class Meter {
    /** Index of the first limit in bytes among {@link Limits#rates}. */
    private static final int BYTES = 3;

    private final Limits limits;
    private final Bucket[] all;
    private final Bucket[][] commands = new Bucket[Ticket.KINDS][];
    private final Bucket[][] bytes = new Bucket[Ticket.KINDS][];

    Meter(Limits limits) {
        this(limits, (_, rate) -> new Bucket(rate, limits.burstSeconds()));
    }

    /**
     * The part that a reactor has in limits of several.
     *
     * @param reactor which it is among them
     */
    Meter(SharedLimits shared, int reactor) {
        this(shared.limits(), (limit, rate) -> new Bucket(rate, shared.time(limit), reactor));
    }

    private interface Maker {
        Bucket make(int limit, long rate);
    }

    private Meter(Limits limits, Maker maker) {
        this.limits = limits;
        long[] rates = limits.rates();
        @Nullable Bucket[] buckets = new Bucket[rates.length];
        for (int i = 0; i < rates.length; i++) {
            buckets[i] = rates[i] > 0 ? maker.make(i, rates[i]) : null;
        }
        arrange(commands, buckets, 0);
        arrange(bytes, buckets, BYTES);
        all = some(buckets);
    }

    /** @param first index of the limit of reads, behind which are those of writes and of both */
    private static void arrange(Bucket[][] into, @Nullable Bucket[] buckets, int first) {
        into[Ticket.READ] = some(buckets[first], buckets[first + 2]);
        into[Ticket.WRITE] = some(buckets[first + 1], buckets[first + 2]);
    }

    private static Bucket[] some(@Nullable Bucket... buckets) {
        return Arrays.stream(buckets).filter(Objects::nonNull).toArray(Bucket[]::new);
    }

    /** How much of what waits for limits of several reactors waits here. */
    void weight(int weight) {
        for (Bucket bucket : all) {
            bucket.weight(weight);
        }
    }

    Limits limits() {
        return limits;
    }

    /** Whether a command of this kind may go now. */
    boolean open(int kind, long nowNs) {
        return open(commands[kind], nowNs) && open(bytes[kind], nowNs);
    }

    private static boolean open(Bucket[] buckets, long nowNs) {
        for (Bucket bucket : buckets) {
            bucket.refill(nowNs);
            if (!bucket.open()) {
                return false;
            }
        }
        return true;
    }

    void take(int kind, long commandCount, long byteCount) {
        for (Bucket bucket : commands[kind]) {
            bucket.take(commandCount);
        }
        for (Bucket bucket : bytes[kind]) {
            bucket.take(byteCount);
        }
    }

    /** Nanoseconds from {@code nowNs} until a command of this kind may go, as far as can be told. */
    long waitNs(int kind, long nowNs) {
        return Math.max(waitNs(commands[kind], nowNs), waitNs(bytes[kind], nowNs));
    }

    private static long waitNs(Bucket[] buckets, long nowNs) {
        long wait = 0;
        for (Bucket bucket : buckets) {
            bucket.refill(nowNs);
            wait = Math.max(wait, bucket.waitNs());
        }
        return wait;
    }

    /** How much of a second's allowance a command takes, in nanoseconds: that of the limit that it strains most. */
    long timeNs(int kind, long byteCount) {
        long time = 0;
        for (Bucket bucket : commands[kind]) {
            time = Math.max(time, bucket.timeNs(1));
        }
        for (Bucket bucket : bytes[kind]) {
            time = Math.max(time, bucket.timeNs(byteCount));
        }
        return time;
    }
}
