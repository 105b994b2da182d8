package io.vnvme.pool;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import java.util.ArrayDeque;

/** Writes that need a cluster and cannot have one yet: they wait, in order, for space or for the journal. */
final class HeldWrites {
    private record Held(PoolVolume volume, Io io, long deadlineNs) {}

    private ArrayDeque<Held> waiting = new ArrayDeque<>();

    int size() {
        return waiting.size();
    }

    void add(PoolVolume volume, Io io, long deadlineNs) {
        waiting.add(new Held(volume, io, deadlineNs));
    }

    /** Lets all try again; those that still cannot are back here afterwards, with their old deadlines. */
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

    /** Fails those that have waited long enough. @return how many */
    int expire(long nowNs, int status) {
        int expired = 0;
        while (!waiting.isEmpty() && waiting.peek().deadlineNs() <= nowNs) {
            waiting.remove().io().complete(status);
            expired++;
        }
        return expired;
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
