package io.vnvme.qos;

import io.vnvme.reactor.Poller;
import java.util.ArrayList;
import java.util.List;

/**
 * One reactor's fairness: lets waiting commands go when there is credit for them, and divides the reactor's time and its
 * drives' queues among the vNVMes that are active. Of the reactor's thread; polled before the controllers.
 */
public final class Scheduler implements Poller {
    /** How long who was active counts as active. Longer than the pauses of a guest that does one thing after the other. */
    private static final long WINDOW_NS = 10_000_000;
    /**
     * What a controller may spend in a pass while it is alone: 64 small commands, or some 40 us of copying, which is what
     * the first command of somebody else may have to wait.
     */
    private static final long ALONE_BYTES = 64 * (4096 + Turn.COMMAND_COST);
    /** What the greedy may spend in a round together, by weight: some 10 us. */
    private static final long ROUND_BYTES = 64 << 10;
    /**
     * The same while somebody modest is beside one with large requests: a slice of 4 KiB, some 1 us, which is what a small
     * command waits for. Only then, since small commands are begun and completed - and their interrupts raised - in batches of
     * a turn.
     */
    private static final long PROMPT_ROUND_BYTES = 4096 + Turn.COMMAND_COST;

    static final long SAVED_BYTES = 16 << 10;

    /** Who wants more at once than this is greedy: has it waiting for another pass, or does more in one. */
    static final int MODEST_COMMANDS = 2;

    static final long MODEST_BYTES = (MODEST_COMMANDS + 1) * (4096 + Turn.COMMAND_COST);

    /**
     * What all that are active may have in the drives' queues together, by weight: enough to keep a local drive busy (1 MiB
     * in 100 us are 10 GB/s), little enough that a small request behind it waits for less than its own time on the media.
     */
    private static final long FLIGHT_BYTES = 1 << 20;
    /** Credit that comes sooner is waited for awake: a sleep may last longer than it was meant to. */
    private static final long AWAKE_NS = 100_000;

    private final int reactor;
    private final List<Group> waiting = new ArrayList<>();
    private long nowNs;

    private long window;
    private long windowEndNs;
    private int activeCount;
    private long activeWeight;
    private int greedyCount;
    private long greedyWeight;
    private boolean large;
    private int lastCount;
    private long lastWeight;
    private long lastGreedyWeight;
    private boolean prompt;

    /** Of the only reactor. */
    public Scheduler() {
        this(0);
    }

    /** @param reactor which of several it is of, from 0 on */
    public Scheduler(int reactor) {
        this.reactor = reactor;
    }

    int reactor() {
        return reactor;
    }

    /** A vNVMe's share: no limits, the usual weight, no group, until it is {@link Share#set}. */
    public Share share() {
        return new Share(this);
    }

    public Group group(Limits limits) {
        return new Group(this, new Meter(limits));
    }

    /** This reactor's part of a group that has members on several. */
    public Group group(SharedLimits limits) {
        return new Group(this, new Meter(limits, reactor));
    }

    /** A controller's turn. */
    public Turn turn() {
        return new Turn(this);
    }

    /** The pass's time. */
    public long nowNs() {
        return nowNs;
    }

    @Override
    public int poll(long passNs) {
        nowNs = passNs;
        if (window == 0 || passNs - windowEndNs >= 0) {
            nextWindow(passNs);
        }
        int work = 0;
        for (int i = waiting.size() - 1; i >= 0; i--) {
            work += waiting.get(i).serve(passNs);
        }
        return work;
    }

    private void nextWindow(long passNs) {
        // Nobody was looked at for a whole window: who was active before is not any more.
        boolean gap = passNs - windowEndNs >= WINDOW_NS;
        lastCount = gap ? 0 : activeCount;
        lastWeight = gap ? 0 : activeWeight;
        lastGreedyWeight = gap ? 0 : greedyWeight;
        prompt = !gap && large && activeCount > greedyCount;
        activeCount = 0;
        activeWeight = 0;
        greedyCount = 0;
        greedyWeight = 0;
        large = false;
        window++;
        windowEndNs = passNs + WINDOW_NS;
    }

    long window() {
        return window;
    }

    /** A controller does something for the first time in this window. */
    void active(int weight) {
        activeCount++;
        activeWeight += weight;
    }

    /** A controller wants more than a few small commands for the first time in this window. */
    void greedy(int weight) {
        greedyCount++;
        greedyWeight += weight;
    }

    /** A large request was cut in this window. */
    void large() {
        large = true;
    }

    /** Whether there are others beside whoever asks. */
    boolean contended() {
        return activeCount > 1 || lastCount > 1;
    }

    private long weights() {
        return Math.max(activeWeight, lastWeight);
    }

    /**
     * What a controller's turn adds to its credit. The modest do not count in what is divided: there may be many of them, who
     * leave the most of it unused. Yet each of them gets no more for its weight than the greedy do.
     */
    long quantum(int weight) {
        if (!contended()) {
            return ALONE_BYTES;
        }
        long greedy = Math.max(greedyWeight, lastGreedyWeight);
        return Math.max(1, (prompt ? PROMPT_ROUND_BYTES : ROUND_BYTES) * weight / Math.max(weight, greedy));
    }

    long windowBytes(int weight) {
        return contended() ? FLIGHT_BYTES * weight / Math.max(weight, weights()) : Long.MAX_VALUE;
    }

    void waits(Group group) {
        waiting.add(group);
    }

    void waitsNoMore(Group group) {
        waiting.remove(group);
    }

    /** Limits have changed: all that wait are looked at anew. */
    void changed() {
        waiting.forEach(Group::lookAgain);
    }

    @Override
    public long prepareSleep(long sleepNs) {
        long due = dueNs();
        return due == Long.MAX_VALUE ? UNLIMITED : Math.max(0, due - AWAKE_NS - sleepNs);
    }

    private long dueNs() {
        long due = Long.MAX_VALUE;
        for (int i = 0; i < waiting.size(); i++) {
            due = Math.min(due, waiting.get(i).dueNs());
        }
        return due;
    }
}
