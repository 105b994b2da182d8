package io.vnvme.pool;

import java.util.ArrayList;
import java.util.List;

/**
 * Waits for I/O that was under way at some moment, without asking each: work enters one of two periods, and when the
 * older one is empty they change places.
 */
final class IoDrain {
    private final int[] inFlight = new int[2];
    private int current;
    private List<Runnable> registered = new ArrayList<>();
    private List<Runnable> waiting = new ArrayList<>();

    /** I/O begins. @return the period to leave when it ends */
    int enter() {
        inFlight[current]++;
        return current;
    }

    void leave(int period) {
        inFlight[period]--;
    }

    /** Runs {@code action} once everything that is under way now has ended; at once when nothing is. */
    void afterPresent(Runnable action) {
        if (inFlight[0] + inFlight[1] == 0) {
            action.run();
        } else {
            registered.add(action);
        }
    }

    int inFlight() {
        return inFlight[0] + inFlight[1];
    }

    /** True when {@link #poll} has something to do. */
    boolean due() {
        return !(registered.isEmpty() && waiting.isEmpty()) && inFlight[1 - current] == 0;
    }

    /** Runs what has waited long enough. @return how much */
    int poll() {
        int work = 0;
        while (due()) {
            // Whoever waits here registered before the last change: all I/O of that time was in the period now empty.
            List<Runnable> due = waiting;
            waiting = registered;
            registered = new ArrayList<>();
            current = 1 - current;
            due.forEach(Runnable::run);
            work += due.size();
        }
        return work;
    }
}
