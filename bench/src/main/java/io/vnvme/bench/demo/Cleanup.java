package io.vnvme.bench.demo;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Ends what the demo started, last first, once: after the last step, after a failure, or when told to end. */
final class Cleanup implements AutoCloseable {
    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private boolean closed;

    /**
     * Keeps something that has to end. Once the end has begun it is ended at once.
     *
     * @throws IllegalStateException when the demo is ending
     */
    synchronized <T extends AutoCloseable> T add(T resource) {
        if (closed) {
            List<String> problems = new ArrayList<>();
            end(resource, problems);
            throw new IllegalStateException("the demo is ending" + (problems.isEmpty() ? "" : ": " + problems));
        }
        started.push(resource);
        return resource;
    }

    /** Ends one thing before the others. */
    synchronized void end(AutoCloseable resource) {
        started.remove(resource);
        List<String> problems = new ArrayList<>();
        end(resource, problems);
        raise(problems);
    }

    /** Whether the end has begun. */
    synchronized boolean closed() {
        return closed;
    }

    /**
     * Ends all that is left; the second call does nothing.
     *
     * @throws IllegalStateException when something did not end, after all the others were
     */
    @Override
    public synchronized void close() {
        closed = true;
        List<String> problems = new ArrayList<>();
        while (!started.isEmpty()) {
            end(started.pop(), problems);
        }
        raise(problems);
    }

    private static void raise(List<String> problems) {
        if (!problems.isEmpty()) {
            throw new IllegalStateException(String.join("; ", problems));
        }
    }

    private static void end(AutoCloseable resource, List<String> problems) {
        try {
            resource.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            problems.add("interrupted while ending " + resource);
        } catch (Exception e) {
            problems.add(String.valueOf(e.getMessage()));
        }
    }
}
