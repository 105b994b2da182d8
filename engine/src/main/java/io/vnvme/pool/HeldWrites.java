package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.reactor.Poller;
import java.util.ArrayDeque;

/** Writes that need a cluster and cannot have one yet: they wait, in order, for space or for the journal. */
final class HeldWrites {
    private record Held(PoolVolume volume, Io io, long sinceNs) {}

    private ArrayDeque<Held> waiting = new ArrayDeque<>();

    int size() {
        return waiting.size();
    }

    void add(PoolVolume volume, Io io, long nowNs) {
        waiting.add(new Held(volume, io, nowNs));
    }

    /** Lets all try again; those that still cannot are back here afterwards, and have waited since they came. */
    void retry() {
        ArrayDeque<Held> again = waiting;
        waiting = new ArrayDeque<>();
        for (Held held = again.poll(); held != null; held = again.poll()) {
            int status = held.volume().submit(held.io());
            if (status != IoStatus.PENDING) {
                held.io().complete(status);
            } else if (!waiting.isEmpty() && waiting.peekLast().io() == held.io()) {
                waiting.removeLast();
                waiting.add(held);
                // The next ones wait for the same: asking for each would only cost time.
                waiting.addAll(again);
                return;
            }
        }
    }

    /** How long until the first one has waited for {@code holdNs}, in nanoseconds. */
    long sleepLimit(long nowNs, long holdNs) {
        Held first = waiting.peek();
        return first == null ? Poller.UNLIMITED : Math.max(0, holdNs - (nowNs - first.sinceNs()));
    }

    /** Fails those that have waited for {@code holdNs}. */
    void expire(long nowNs, long holdNs, int status) {
        while (!waiting.isEmpty() && nowNs - waiting.peek().sinceNs() >= holdNs) {
            waiting.remove().io().complete(status);
        }
    }

    /** Fails all. */
    void failAll(int status) {
        while (!waiting.isEmpty()) {
            waiting.remove().io().complete(status);
        }
    }

    /** Fails those of one volume. */
    void drop(PoolVolume volume) {
        ArrayDeque<Held> all = waiting;
        waiting = new ArrayDeque<>();
        all.forEach(held -> {
            if (held.volume() == volume) {
                held.io().complete(IoStatus.GONE);
            } else {
                waiting.add(held);
            }
        });
    }
}
