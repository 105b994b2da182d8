package io.vnvme.control.change;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Takes looks while somebody follows: twice a second, and soon after something was done. Used under one lock. */
final class ChangeWatch {
    private static final Logger LOG = System.getLogger(ChangeWatch.class.getName());
    private static final Duration INTERVAL = Duration.ofMillis(500);
    /** What is done in a row becomes one look. */
    private static final Duration GATHER = Duration.ofMillis(30);

    private final Look look;
    private final Runnable also;
    private final Semaphore nudges = new Semaphore(0);
    private volatile @Nullable Thread thread;

    /** @param also done with each look */
    ChangeWatch(Look look, Runnable also) {
        this.look = look;
        this.also = also;
    }

    boolean running() {
        return thread != null;
    }

    void start() {
        if (thread == null) {
            Thread watch = Thread.ofVirtual().name("change watch").unstarted(this::run);
            thread = watch;
            watch.start();
        }
    }

    /** By a fault: whoever comes next has it begin again. */
    private void ended() {
        if (thread == Thread.currentThread()) {
            thread = null;
        }
    }

    void nudge() {
        if (nudges.availablePermits() == 0) {
            nudges.release();
        }
    }

    void stop() {
        Thread current = thread;
        if (current != null) {
            thread = null;
            current.interrupt();
        }
    }

    private void run() {
        try {
            while (thread == Thread.currentThread()) {
                if (nudges.tryAcquire(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)) {
                    Thread.sleep(GATHER);
                    nudges.drainPermits();
                }
                look.take();
                also.run();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "nobody is told of changes until the next client comes", e);
            ended();
        }
    }
}
