package io.vnvme.qos;

import java.util.ArrayList;
import java.util.List;

/** The buckets of one set of limits: for each kind of command those that count it, and those that count its bytes. */
final class Meter {
    private static final Bucket[] NO_BUCKETS = {};

    private final Limits limits;
    private final Bucket[][] commands = new Bucket[Ticket.KINDS][];
    private final Bucket[][] bytes = new Bucket[Ticket.KINDS][];

    Meter(Limits limits) {
        this.limits = limits;
        int burst = limits.burstSeconds();
        arrange(commands, limits.readIops(), limits.writeIops(), limits.iops(), burst);
        arrange(bytes, limits.readBytes(), limits.writeBytes(), limits.bytes(), burst);
    }

    private static void arrange(Bucket[][] into, long reads, long writes, long both, int burst) {
        List<Bucket> ofReads = new ArrayList<>();
        List<Bucket> ofWrites = new ArrayList<>();
        if (reads > 0) {
            ofReads.add(new Bucket(reads, burst));
        }
        if (writes > 0) {
            ofWrites.add(new Bucket(writes, burst));
        }
        if (both > 0) {
            Bucket shared = new Bucket(both, burst);
            ofReads.add(shared);
            ofWrites.add(shared);
        }
        into[Ticket.READ] = ofReads.toArray(NO_BUCKETS);
        into[Ticket.WRITE] = ofWrites.toArray(NO_BUCKETS);
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
