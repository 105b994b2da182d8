package io.vnvme.os;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A control thread that closes what takes long to close: mappings, whose end is a handshake with every thread.
 *
 * <p>Made on a control thread, since a thread inherits the processor mask of the one that starts it.
 */
public final class Reclaimer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Reclaimer.class.getName());

    private final LinkedBlockingQueue<Runnable> queue = new LinkedBlockingQueue<>();
    private final Thread thread;
    private boolean running = true;

    private Reclaimer() {
        thread = Thread.ofPlatform().daemon().name("vnvme-reclaimer").start(this::run);
    }

    /** Starts the thread, with the processor mask of the caller. */
    public static Reclaimer start() {
        return new Reclaimer();
    }

    /** Closes it soon. From any thread; never waits. */
    public void close(AutoCloseable resource) {
        queue.add(() -> {
            try {
                resource.close();
            } catch (Exception e) {
                LOG.log(System.Logger.Level.ERROR, "could not close " + resource, e);
            }
        });
    }

    /** Waits until everything that was handed in before is closed. Not for a reactor. */
    public void drain() {
        CompletableFuture<Void> reached = new CompletableFuture<>();
        queue.add(() -> reached.complete(null));
        reached.join();
    }

    /** Closes what is left and ends the thread. */
    @Override
    public void close() {
        queue.add(() -> running = false);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (running) {
            try {
                queue.take().run();
            } catch (InterruptedException e) {
                LOG.log(System.Logger.Level.ERROR, "interrupted, what is left stays open", e);
                return;
            }
        }
    }
}
