package io.vnvme.frontend.tcp;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads that compute what authentication needs, which takes a reactor far too long. They are few, and what waits for them is
 * bounded: whoever knocks and has no key costs this much and no more.
 */
final class AuthWorkers implements AutoCloseable {
    private static final int THREADS = 2;
    /** A restart of the daemon has all hosts authenticate all their queues at once. */
    private static final int WAITING_MAX = 1024;

    private static final long CLOSE_SECONDS = 10;

    private final ThreadPoolExecutor threads;

    private AuthWorkers() {
        threads = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(WAITING_MAX),
                Thread.ofPlatform().daemon().name("host-auth-", 0).factory());
        // Now, since a thread has the processors of the one that starts it, and later that would be a reactor.
        threads.prestartAllCoreThreads();
    }

    /** Starts them, with the processor mask of the caller. */
    static AuthWorkers start() {
        return new AuthWorkers();
    }

    /** Runs it soon. @return false when too much waits already, or nothing is run any more */
    boolean run(Runnable work) {
        try {
            threads.execute(work);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    /** What waits is forgotten; what is being computed is waited for. */
    @Override
    public void close() {
        threads.shutdownNow();
        try {
            if (!threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("an authentication computes for ever");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
