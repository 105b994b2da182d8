package io.vnvme.control.plane;

import io.vnvme.migration.LiveCopy;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A copy out of a pool, polled at that one's home, for one thread of the control plane; how far it is, for any. */
final class RunningCopy {
    private static final Duration LOOK_AGAIN = Duration.ofMillis(1);

    private final EnginePool source;
    private final LiveCopy copy;
    private @Nullable CompletableFuture<Boolean> asked;

    RunningCopy(EnginePool source, LiveCopy copy) {
        this.source = source;
        this.copy = copy;
    }

    VolumeMove.State state() {
        return new VolumeMove.State(
                copy.round(),
                copy.copiedBytes(),
                copy.dirtyBytes(),
                copy.bytesPerSecond(),
                copy.slowed(),
                copy.gapNs());
    }

    Optional<String> failure() {
        return copy.failure();
    }

    boolean ready() {
        return copy.ready();
    }

    /**
     * Has all copied and made durable, with its users held up from then on. What was asked for goes on when it takes
     * longer, and is waited for by the next call; {@link #withdraw} ends that.
     *
     * @param limit longest that users are held up for what is left
     * @param wait for the answer
     * @return whether they are held up now
     */
    boolean frozen(Duration limit, Duration wait) throws InterruptedException {
        CompletableFuture<Boolean> told = asked;
        if (told == null) {
            CompletableFuture<Boolean> begun = new CompletableFuture<>();
            source.home().execute(() -> copy.freeze(limit.toNanos(), begun::complete));
            told = begun;
            asked = begun;
        }
        try {
            boolean frozen = told.get(wait.toNanos(), TimeUnit.NANOSECONDS);
            asked = null;
            return frozen;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Its users go on with what is copied, and the copy goes on too; the other is done in the same step. */
    void withdraw(Runnable with) {
        asked = null;
        source.home().call(() -> {
            copy.withdraw();
            with.run();
            return true;
        });
    }

    /** Waits until nothing is under way of a copy that is over, and gives its memory back. */
    void release() {
        boolean interrupted = false;
        while (!source.home().call(copy::idle)) {
            try {
                Thread.sleep(LOOK_AGAIN);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        source.home().call(() -> {
            copy.close();
            return true;
        });
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
