package io.vnvme.fabrics.auth;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Threads that compute what authentication needs, which takes a reactor far too long. They are few, and what waits for them is
 * bounded: whoever knocks and has no key costs this much and no more. One party has one thread at a time, and parties take turns:
 * the large groups of one keep nobody else out.
 */
public final class AuthWorkers implements AutoCloseable {
    /** A restart of the daemon has all hosts authenticate all their queues at once. */
    private static final int WAITING_MAX = 1024;
    /** Of one party: all queues of some controllers. */
    private static final int PARTY_WAITING_MAX = 256;

    private static final long CLOSE_SECONDS = 10;

    private final List<Thread> threads = new ArrayList<>();
    // Guarded by this. The party whose turn is next comes first.
    private final Map<String, ArrayDeque<Runnable>> waiting = new LinkedHashMap<>();
    private final Set<String> busy = new HashSet<>();
    private int waitingCount;
    private boolean closed;

    private AuthWorkers() {}

    /**
     * Starts them now, with the processor mask of the caller: a thread has that of the one that starts it, and later that would
     * be a reactor.
     */
    public static AuthWorkers start(String name, int count) {
        AuthWorkers workers = new AuthWorkers();
        for (int i = 0; i < count; i++) {
            workers.threads.add(
                    Thread.ofPlatform().daemon().name(name + "-" + i).start(workers::work));
        }
        return workers;
    }

    /**
     * Runs it soon.
     *
     * @param party whom it is for
     * @return false when too much waits already, or nothing is run any more
     */
    public synchronized boolean run(String party, Runnable work) {
        ArrayDeque<Runnable> own = waiting.computeIfAbsent(party, _ -> new ArrayDeque<>());
        if (closed || waitingCount >= WAITING_MAX || own.size() >= PARTY_WAITING_MAX) {
            if (own.isEmpty()) {
                waiting.remove(party);
            }
            return false;
        }
        own.add(work);
        waitingCount++;
        notifyAll();
        return true;
    }

    private record Turn(String party, Runnable work) {}

    private void work() {
        try {
            while (true) {
                Turn turn = await();
                if (turn == null) {
                    return;
                }
                try {
                    turn.work().run();
                } catch (RuntimeException | Error e) {
                    // A defect of one computation: the others still want theirs.
                    Thread current = Thread.currentThread();
                    current.getUncaughtExceptionHandler().uncaughtException(current, e);
                } finally {
                    done(turn.party());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized @Nullable Turn await() throws InterruptedException {
        while (!closed) {
            Turn next = next();
            if (next != null) {
                return next;
            }
            wait();
        }
        return null;
    }

    private @Nullable Turn next() {
        Optional<String> turn =
                waiting.keySet().stream().filter(each -> !busy.contains(each)).findFirst();
        if (turn.isEmpty()) {
            return null;
        }
        String party = turn.get();
        ArrayDeque<Runnable> own = Objects.requireNonNull(waiting.remove(party));
        Runnable work = own.remove();
        waitingCount--;
        if (!own.isEmpty()) {
            // Behind the others.
            waiting.put(party, own);
        }
        busy.add(party);
        return new Turn(party, work);
    }

    private synchronized void done(String party) {
        busy.remove(party);
        notifyAll();
    }

    /** What waits is forgotten; what is being computed is waited for. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            waiting.clear();
            waitingCount = 0;
            notifyAll();
        }
        try {
            for (Thread thread : threads) {
                thread.join(TimeUnit.SECONDS.toMillis(CLOSE_SECONDS));
                if (thread.isAlive()) {
                    throw new IllegalStateException("an authentication computes for ever");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
