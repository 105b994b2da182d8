package io.vnvme.qos;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * vNVMes that have limits in common: a tenant. One that is in no group of its administrator's is a group of its own.
 *
 * <p>Of one reactor's thread; one with members on several reactors is a group on each of them, and what these have in common
 * is in {@link SharedLimits}. While several members wait for the credit of the group, each gets the part of it that its
 * weight is of all weights: next is always the member whose virtual time - what it got of the group's time, divided by its
 * weight - is least (start-time fair queueing).
 */
public final class Group {
    /** Keeps what a command adds to a virtual time from vanishing in the division by a weight. */
    private static final long TIME_SCALE = Share.WEIGHT_MAX;
    /** A command that takes longer counts as one that takes this: keeps sums of virtual times within 64 bits. */
    private static final long TIME_NS_MAX = 1_000_000_000_000L;

    private final Scheduler scheduler;
    /** Members with commands that wait. */
    private final List<Share> waiting = new ArrayList<>();

    private Meter meter;
    private boolean unlimited;
    /** Kinds of commands, a bit each, for which somebody waits for the group's credit. */
    private int crowded;

    private long virtualTime;
    private int waitingWeight;

    Group(Scheduler scheduler, Meter meter) {
        this.scheduler = scheduler;
        this.meter = meter;
        this.unlimited = meter.limits().none();
    }

    public Limits limits() {
        return meter.limits();
    }

    /** Other limits from now on; what waits is looked at anew. On the reactor. */
    public void limits(Limits limits) {
        set(new Meter(limits));
    }

    /** Other limits from now on, for all its reactors once each was told; what waits is looked at anew. On the reactor. */
    public void limits(SharedLimits limits) {
        set(new Meter(limits, scheduler.reactor()));
    }

    private void set(Meter changed) {
        meter = changed;
        meter.weight(waitingWeight);
        unlimited = meter.limits().none();
        scheduler.changed();
    }

    boolean unlimited() {
        return unlimited;
    }

    /** Whether somebody waits for its credit, whom nobody may overtake. */
    boolean crowded(int kind) {
        return (crowded & 1 << kind) != 0;
    }

    /** Somebody begins to wait for its credit. */
    void crowd(int kind) {
        crowded |= 1 << kind;
    }

    boolean open(int kind, long nowNs) {
        return unlimited || meter.open(kind, nowNs);
    }

    long waitNs(int kind, long nowNs) {
        return unlimited ? 0 : meter.waitNs(kind, nowNs);
    }

    /** A member's command goes. */
    void take(Share member, int kind, long commandCount, long byteCount) {
        if (unlimited) {
            return;
        }
        meter.take(kind, commandCount, byteCount);
        long begins = Math.max(member.virtualTime(), virtualTime);
        virtualTime = begins;
        long time = Math.min(meter.timeNs(kind, byteCount), TIME_NS_MAX);
        member.virtualTime(begins + time * TIME_SCALE / member.weight());
    }

    void waits(Share member) {
        if (waiting.isEmpty()) {
            scheduler.waits(this);
        }
        member.virtualTime(Math.max(member.virtualTime(), virtualTime));
        waiting.add(member);
        weigh(member.weight());
    }

    private void weigh(int change) {
        waitingWeight += change;
        meter.weight(waitingWeight);
    }

    void waitsNoMore(Share member) {
        waiting.remove(member);
        weigh(-member.weight());
        crowded = waiting.isEmpty() ? 0 : crowded;
        if (waiting.isEmpty()) {
            scheduler.waitsNoMore(this);
        }
    }

    /** What waits was told to look again. */
    void lookAgain() {
        for (int i = 0; i < waiting.size(); i++) {
            waiting.get(i).lookAgain();
        }
    }

    /** Lets through whoever may go. @return how many commands went */
    int serve(long nowNs) {
        int served = 0;
        for (Share next = next(nowNs); next != null; next = next(nowNs)) {
            next.serveFirst(nowNs);
            served++;
        }
        crowded = 0;
        for (int i = 0; i < waiting.size(); i++) {
            crowded |= waiting.get(i).groupHolds();
        }
        return served;
    }

    private @Nullable Share next(long nowNs) {
        Share least = null;
        for (int i = 0; i < waiting.size(); i++) {
            Share member = waiting.get(i);
            if ((least == null || member.virtualTime() - least.virtualTime() < 0) && member.ready(nowNs)) {
                least = member;
            }
        }
        return least;
    }

    /** When the first of those that wait may go, as far as can be told now. */
    long dueNs() {
        long due = Long.MAX_VALUE;
        for (int i = 0; i < waiting.size(); i++) {
            due = Math.min(due, waiting.get(i).dueNs());
        }
        return due;
    }
}
