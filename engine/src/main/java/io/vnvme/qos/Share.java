package io.vnvme.qos;

import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What one vNVMe may do: its limits, its weight beside others, its group, and its commands that have to wait. Of one
 * reactor's thread.
 *
 * <p>Commands that read and commands that write wait in lines of their own, so that a limit of the one does not hold up the
 * other; where both share a limit they go by turns.
 */
public final class Share {
    public static final int WEIGHT_MAX = 1000;
    public static final int WEIGHT_DEFAULT = 100;

    private static final long STALL_NS = 50_000_000;

    private Scheduler scheduler;
    private final Line[] lines = {new Line(), new Line()};
    private Meter meter;
    private Group group;
    private int weight = WEIGHT_DEFAULT;
    /** Whether it has limits, or commands that wait. */
    private boolean restricted;

    private boolean waiting;
    private int turn;
    private int readyKind;
    private long lookNs = Long.MIN_VALUE;
    /** Kinds, a bit each, whose first waits for nothing but the group's credit. */
    private int groupHolds;

    private long virtualTime;
    /** What drives work on that answer later: all, and by kind. */
    private long flightBytes;

    private final long[] flights = new long[Ticket.KINDS];
    /** When one of them last ended, or the first began. */
    private final long[] movedNs = new long[Ticket.KINDS];

    private final LimitMeter limited = new LimitMeter();

    Share(Scheduler scheduler) {
        this.scheduler = scheduler;
        this.meter = new Meter(Limits.NONE);
        this.group = scheduler.group(Limits.NONE);
    }

    public Scheduler scheduler() {
        return scheduler;
    }

    public Limits limits() {
        return meter.limits();
    }

    public int weight() {
        return weight;
    }

    /** What its commands had to wait for. */
    public LimitMeter limited() {
        return limited;
    }

    /**
     * Other limits, weight and group from now on, also for what waits. On the reactor.
     *
     * @param newGroup of the same scheduler; null for none
     * @param newWeight 1 to {@link #WEIGHT_MAX}
     */
    public void set(Limits limits, int newWeight, @Nullable Group newGroup) {
        if (newWeight < 1 || newWeight > WEIGHT_MAX) {
            throw new IllegalArgumentException("a weight of %d, not 1 to %d".formatted(newWeight, WEIGHT_MAX));
        }
        if (waiting) {
            group.waitsNoMore(this);
        }
        if (!limits.equals(meter.limits())) {
            meter = new Meter(limits);
        }
        weight = newWeight;
        group = newGroup == null ? scheduler.group(Limits.NONE) : newGroup;
        virtualTime = 0;
        if (waiting) {
            group.waits(this);
        }
        lookAgain();
        restrict();
    }

    /**
     * It is another reactor's from now on. On that one, before its scheduler's next poll; {@link #leave} came before, on the
     * old one.
     *
     * @param itsGroup of the new reactor; null for none
     */
    public void enter(Scheduler itsScheduler, @Nullable Group itsGroup) {
        scheduler = itsScheduler;
        Arrays.fill(movedNs, itsScheduler.nowNs());
        group = itsGroup == null ? scheduler.group(Limits.NONE) : itsGroup;
        virtualTime = 0;
        if (waiting) {
            group.waits(this);
        }
        lookAgain();
    }

    /** Its reactor serves it no more; what waits, waits for {@link #enter}. */
    public void leave() {
        if (waiting) {
            group.waitsNoMore(this);
        }
    }

    private void restrict() {
        restricted = waiting || !meter.limits().none();
    }

    /** Whether no command needs to {@link #admit ask}: the usual case. */
    public boolean free() {
        return !restricted && group.unlimited() && (flightBytes == 0 || !scheduler.contended());
    }

    /** Asks for a command. @return false when it stands in line now, and will be told */
    public boolean admit(Ticket ticket) {
        int kind = ticket.kind();
        long nowNs = scheduler.nowNs();
        if (lines[kind].isEmpty() && windowOpen(kind, ticket.bytes(), nowNs) && meter.open(kind, nowNs)) {
            if (!group.crowded(kind) && group.open(kind, nowNs)) {
                take(ticket);
                return true;
            }
            groupHolds |= 1 << kind;
            group.crowd(kind);
        }
        lines[kind].add(ticket);
        lookNs = Long.MIN_VALUE;
        WaitCause cause = cause(kind, ticket.bytes(), nowNs);
        limited.command(cause);
        if (!waiting) {
            waiting = true;
            restricted = true;
            limited.waits(cause, nowNs);
            group.waits(this);
        }
        return false;
    }

    private WaitCause cause(int kind, long bytes, long nowNs) {
        if (!windowOpen(kind, bytes, nowNs)) {
            return WaitCause.FAIR_SHARE;
        }
        return meter.open(kind, nowNs) ? WaitCause.GROUP_LIMIT : WaitCause.OWN_LIMIT;
    }

    private void take(Ticket ticket) {
        charge(ticket.kind(), 1, ticket.bytes());
        if (ticket.pairedBytes() > 0) {
            charge(Ticket.WRITE, 1, ticket.pairedBytes());
        }
    }

    /** Counts what a command turned out to do beyond what it asked for: those that come after it wait for that. */
    public void charge(int kind, long commandCount, long byteCount) {
        meter.take(kind, commandCount, byteCount);
        group.take(this, kind, commandCount, byteCount);
    }

    /**
     * While others are active, a drive's queue is shared by weight: what is in it already takes its time. Unless nothing has
     * moved for long: then it is not a queue that is worked off, but a pool that has no space or a drive that is gone.
     */
    private boolean windowOpen(int kind, long bytes, long nowNs) {
        long flight = flights[kind];
        return flight == 0 || flight + bytes <= scheduler.windowBytes(weight) || nowNs - movedNs[kind] >= STALL_NS;
    }

    /** A drive began to work on something that ends later. */
    public void flightBegan(int kind, long bytes) {
        if (flights[kind] == 0) {
            movedNs[kind] = scheduler.nowNs();
        }
        flights[kind] += bytes;
        flightBytes += bytes;
    }

    /** That ended. @return for how long nothing of its kind had ended before, in nanoseconds */
    public long flightEnded(int kind, long bytes) {
        flights[kind] -= bytes;
        flightBytes -= bytes;
        long nowNs = scheduler.nowNs();
        long stillNs = nowNs - movedNs[kind];
        movedNs[kind] = nowNs;
        lookNs = Long.MIN_VALUE;
        return stillNs;
    }

    long virtualTime() {
        return virtualTime;
    }

    void virtualTime(long time) {
        virtualTime = time;
    }

    void lookAgain() {
        lookNs = Long.MIN_VALUE;
    }

    /** Whether one that waits may go now. */
    boolean ready(long nowNs) {
        if (nowNs < lookNs) {
            return false;
        }
        groupHolds = 0;
        long wait = Long.MAX_VALUE;
        WaitCause cause = WaitCause.FAIR_SHARE;
        for (int i = 0; i < Ticket.KINDS; i++) {
            int kind = turn ^ i;
            Ticket first = lines[kind].first();
            if (first == null) {
                continue;
            }
            if (!windowOpen(kind, first.bytes(), nowNs)) {
                wait = Math.min(wait, movedNs[kind] + STALL_NS - nowNs);
                continue;
            }
            if (meter.open(kind, nowNs)) {
                if (group.open(kind, nowNs)) {
                    readyKind = kind;
                    return true;
                }
                groupHolds |= 1 << kind;
                cause = WaitCause.GROUP_LIMIT;
            } else {
                cause = WaitCause.OWN_LIMIT;
            }
            wait = Math.min(wait, Math.max(meter.waitNs(kind, nowNs), group.waitNs(kind, nowNs)));
        }
        limited.waits(cause, nowNs);
        lookNs = nowNs + wait;
        return false;
    }

    /** Lets the one go that {@link #ready} found. */
    void serveFirst(long nowNs) {
        Ticket ticket = lines[readyKind].poll();
        if (ticket == null) {
            throw new IllegalStateException("nobody waits");
        }
        turn = readyKind ^ 1;
        take(ticket);
        stillWaiting();
        ticket.admitted();
    }

    private void stillWaiting() {
        if (waiting && lines[Ticket.READ].isEmpty() && lines[Ticket.WRITE].isEmpty()) {
            waiting = false;
            limited.over(scheduler.nowNs());
            group.waitsNoMore(this);
            restrict();
        }
    }

    /** Kinds, a bit each, whose first waits for nothing but the group's credit. */
    int groupHolds() {
        return groupHolds;
    }

    /** When one that waits may go, as far as can be told now. */
    long dueNs() {
        return lookNs;
    }

    /** Takes those that match out of the lines. */
    public void withdraw(Predicate<Ticket> condition, Consumer<Ticket> out) {
        lines[Ticket.READ].withdraw(condition, out);
        lines[Ticket.WRITE].withdraw(condition, out);
        stillWaiting();
    }
}
