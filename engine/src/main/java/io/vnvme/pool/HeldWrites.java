package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.reactor.Poller;
import java.util.ArrayDeque;

/** Writes that need a cluster and cannot have one yet: they wait, in order, for space or for the journal. */
final class HeldWrites {
    private record Held(PoolVolume volume, Io io, long sinceNs) {}

    private final boolean forSpace;
    private ArrayDeque<Held> waiting = new ArrayDeque<>();

    /** @param forSpace whether their volumes count them: what is waited for is space */
    HeldWrites(boolean forSpace) {
        this.forSpace = forSpace;
    }

    int size() {
        return waiting.size();
    }

    void add(PoolVolume volume, Io io, long nowNs) {
        waiting.add(new Held(volume, io, nowNs));
        if (forSpace) {
            volume.space().began(nowNs);
        }
    }

    private void went(Held held, long nowNs) {
        if (forSpace) {
            held.volume().space().ended(nowNs);
        }
    }

    /** Lets all try again; those that still cannot are back here afterwards, and have waited since they came. */
    void retry(long nowNs) {
        ArrayDeque<Held> again = waiting;
        waiting = new ArrayDeque<>();
        for (Held held = again.poll(); held != null; held = again.poll()) {
            went(held, nowNs);
            int status = held.volume().submit(held.io());
            if (status != IoStatus.PENDING) {
                held.io().complete(status);
            } else if (!waiting.isEmpty() && waiting.peekLast().io() == held.io()) {
                waiting.removeLast();
                waiting.add(held);
                if (forSpace) {
                    held.volume().space().resumed();
                }
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
            fail(waiting.remove(), nowNs, status);
        }
    }

    /** Fails all. */
    void failAll(long nowNs, int status) {
        while (!waiting.isEmpty()) {
            fail(waiting.remove(), nowNs, status);
        }
    }

    private void fail(Held held, long nowNs, int status) {
        went(held, nowNs);
        held.io().complete(status);
    }

    /** Fails those of one volume. */
    void drop(PoolVolume volume, long nowNs) {
        ArrayDeque<Held> all = waiting;
        waiting = new ArrayDeque<>();
        all.forEach(held -> {
            if (held.volume() == volume) {
                fail(held, nowNs, IoStatus.GONE);
            } else {
                waiting.add(held);
            }
        });
    }
}
