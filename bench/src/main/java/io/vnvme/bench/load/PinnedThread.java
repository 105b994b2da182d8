package io.vnvme.bench.load;

import io.vnvme.os.Cpu;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs measuring code on a thread of its own that stays on one processor. */
public final class PinnedThread {
    private PinnedThread() {}

    /**
     * Runs the work on that processor and waits for it.
     *
     * @throws IllegalStateException when the work fails, with its reason as cause
     */
    public static <T> T call(String name, int cpu, Callable<T> work) throws InterruptedException {
        FutureTask<T> task = new FutureTask<>(() -> {
            Cpu.pin(cpu);
            return work.call();
        });
        Thread thread = Thread.ofPlatform().name(name).daemon().start(task);
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(name + " failed: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            thread.interrupt();
            throw e;
        }
    }
}
