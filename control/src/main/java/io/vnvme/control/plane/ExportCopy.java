package io.vnvme.control.plane;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.migration.CopyTarget;
import io.vnvme.migration.LiveCopy;
import io.vnvme.migration.TrackedVolume;
import io.vnvme.nvme.Namespace;
import io.vnvme.volume.Volume;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * A copy of a vNVMe's volume while it is served, polled at the home of its pool; what is kept beside the volume stands still
 * together with it.
 */
final class ExportCopy {
    /**
     * How long the little that is left may take to become little enough, and what was written to become durable. Who changes the
     * state waits meanwhile; what was made durable is not lost for the next try.
     */
    static final Duration CALM = Duration.ofMillis(500);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(1);

    private final EngineExport export;
    private final EnginePool source;
    private final Namespace namespace;
    private final LiveCopy copy;
    private final RunningCopy running;

    private ExportCopy(EngineExport export, EnginePool source, LiveCopy copy) {
        this.export = export;
        this.source = source;
        this.namespace = export.namespace();
        this.copy = copy;
        this.running = new RunningCopy(source, copy);
    }

    /**
     * Begins. On the reactor.
     *
     * @param since the snapshot whose content the target has; nothing: it reads zeros
     * @throws ProblemException when it is being copied already
     */
    static ExportCopy begin(EngineExport export, EnginePool source, CopyTarget target, Optional<String> since) {
        Namespace namespace = export.namespace();
        if (namespace.volume() instanceof TrackedVolume) {
            throw new ProblemException(
                    ProblemCode.VNVME_IN_USE, "%s is being copied elsewhere already".formatted(export.name()));
        }
        LiveCopy copy = new LiveCopy(namespace.volume(), target, namespace::pendingWork, since.isEmpty());
        copy.whenSettled(() -> source.survey(since, export.name(), copy));
        ExportCopy begun = new ExportCopy(export, source, copy);
        namespace.volume(copy.volume());
        source.home().add(copy);
        return begun;
    }

    LiveCopy copy() {
        return copy;
    }

    RunningCopy running() {
        return running;
    }

    /**
     * Holds all up that use the volume or reserve it, with all copied and durable.
     *
     * @param limit longest that they are held up for what is left; half a second more passes at most until this answers
     */
    boolean freeze(Duration limit) {
        long endNs = System.nanoTime() + limit.plus(CALM).toNanos();
        boolean frozen = false;
        try {
            // Else guests write too much at the moment; they are not held up.
            frozen = running.frozen(limit, limit.plus(CALM)) && kept(endNs);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!frozen) {
            thaw();
        }
        return frozen;
    }

    private boolean kept(long endNs) throws InterruptedException {
        source.home().call(() -> {
            export.reservations().freeze();
            return true;
        });
        return await(() -> source.home().call(export.reservations()::quiet), endNs);
    }

    private static boolean await(BooleanSupplier condition, long endNs) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() >= endNs) {
                return false;
            }
            Thread.sleep(LOOK_AGAIN);
        }
        return true;
    }

    /** Whoever waits goes on with the volume that is copied, and the copy goes on too. */
    void thaw() {
        running.withdraw(() -> export.reservations().thaw(source));
    }

    /**
     * Frozen: from now on {@code destination} is what is served.
     *
     * @param moved called before anybody is let in
     */
    void settle(Volume destination, Runnable moved) {
        source.home().call(() -> {
            try {
                namespace.volume(destination);
                source.home().remove(copy);
                moved.run();
            } finally {
                copy.settle(destination);
            }
            return true;
        });
    }

    /** Ends it, unless it was settled: whoever waits goes on with the volume that was copied. */
    void cancel() {
        source.home().call(() -> {
            if (namespace.volume() == copy.volume()) {
                copy.cancel();
                namespace.volume(copy.source());
                export.reservations().thaw(source);
            }
            source.home().remove(copy);
            return true;
        });
    }

    /** Waits until nothing is under way of a copy that is over. */
    void release() {
        running.release();
    }
}
