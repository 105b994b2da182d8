package io.vnvme.control.plane;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * Runs what waits in native calls, or uses an io_uring of its own, on a thread of the operating system: a virtual thread
 * would hold up others, and move between rings.
 */
public final class PlatformThread {
    private PlatformThread() {}

    /** Runs it and waits for its end. @throws RuntimeException what it threw */
    public static <T> T call(String name, Supplier<T> action) {
        if (!Thread.currentThread().isVirtual()) {
            return action.get();
        }
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                result.complete(action.get());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        try {
            return result.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }
}
