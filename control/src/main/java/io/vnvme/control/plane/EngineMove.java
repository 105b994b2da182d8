package io.vnvme.control.plane;

import io.vnvme.migration.HomeTarget;
import io.vnvme.migration.LiveCopy;
import io.vnvme.nvme.Namespace;
import io.vnvme.volume.Volume;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * A namespace's volume on its way to another pool. The copy is polled at the home of the pool that it leaves; for the switch the
 * other pool comes to the same reactor, so that it is one step for all who use the namespace.
 */
final class EngineMove implements VolumeMove {
    /**
     * How long the little that is left may take to become little enough, and what was written to become durable. Other moves,
     * and whoever changes the state, wait meanwhile; what was made durable is not lost for the next try.
     */
    static final Duration CALM = Duration.ofMillis(500);

    private static final Duration LOOK_AGAIN = Duration.ofMillis(1);

    private final EngineDataPlane plane;
    private final EngineExport export;
    private final EnginePool source;
    private final EnginePool target;
    private final String volume;
    private final Volume destination;
    private final Namespace namespace;
    private final LiveCopy copy;
    private final RunningCopy running;
    private boolean closed;

    private EngineMove(
            EngineDataPlane plane,
            EngineExport export,
            EnginePool target,
            String volume,
            Volume destination,
            LiveCopy copy) {
        this.plane = plane;
        this.export = export;
        this.source = export.pool();
        this.target = target;
        this.volume = volume;
        this.destination = destination;
        this.namespace = export.namespace();
        this.copy = copy;
        this.running = new RunningCopy(source, copy);
    }

    /**
     * Begins.
     *
     * @param volume name of a volume of {@code target} that holds nothing, or what snapshots have brought there
     * @param since the snapshot whose content it has; nothing: none
     */
    static EngineMove begin(
            EngineDataPlane plane, EngineExport export, EnginePool target, String volume, Optional<String> since) {
        EnginePool source = export.pool();
        plane.moves().checkJoin(target, source);
        Volume destination = target.volume(volume, source.cipher(export.name()));
        Namespace namespace = export.namespace();
        return source.home().call(() -> {
            LiveCopy copy = new LiveCopy(
                    namespace.volume(),
                    new HomeTarget(source.home(), target.home(), destination),
                    namespace::pendingWork,
                    since.isEmpty());
            EngineMove begun = new EngineMove(plane, export, target, volume, destination, copy);
            copy.whenSettled(() -> source.survey(since, export.name(), copy));
            namespace.volume(copy.volume());
            source.home().add(copy);
            return begun;
        });
    }

    @Override
    public State state() {
        return running.state();
    }

    @Override
    public Optional<String> failure() {
        return running.failure();
    }

    @Override
    public boolean ready() {
        return running.ready();
    }

    @Override
    public boolean switchOver(Duration limit, Runnable commit) {
        boolean[] done = {false};
        plane.moves().none(() -> {
            attributesCopied();
            plane.moves().join(target, source);
            done[0] = switchHere(limit, commit);
        });
        return done[0];
    }

    /** Both pools are at one reactor, and stay there. */
    private boolean switchHere(Duration limit, Runnable commit) {
        if (!frozen(limit)) {
            return false;
        }
        try {
            if (!same()) {
                // Copied while nobody waits, and looked at again at the next try.
                release();
                attributesCopied();
                return false;
            }
            commit.run();
        } catch (RuntimeException e) {
            release();
            throw e;
        }
        // The state says that the copy counts: from here on nothing may say otherwise. Guests are let in last.
        source.home().call(() -> {
            try {
                namespace.volume(destination);
                source.home().remove(copy);
                export.moved(target);
            } finally {
                copy.settle(destination);
            }
            return true;
        });
        return true;
    }

    /** Guests go on with the volume that is copied. */
    private void release() {
        running.withdraw(() -> export.reservations().thaw(source));
    }

    /** Whether nothing but the place is another: its size and what is kept with it. */
    private boolean same() {
        if (destination.sizeBytes()
                != source.home().call(() -> namespace.volume().sizeBytes())) {
            throw new IllegalStateException("%s has another size than its copy".formatted(export.name()));
        }
        return Arrays.equals(source.attributes(export.name()), target.attributes(volume));
    }

    private void attributesCopied() {
        byte[] attributes = source.attributes(export.name());
        if (!Arrays.equals(attributes, target.attributes(volume))) {
            target.setAttributes(volume, attributes);
        }
    }

    /** @return whether guests wait, all that they wrote is in the copy, and what they reserved is with the volume */
    private boolean frozen(Duration limit) {
        boolean frozen = false;
        try {
            // Else guests write too much at the moment; they are not held up.
            frozen = running.frozen(limit, CALM) && kept(limit);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!frozen) {
            release();
        }
        return frozen;
    }

    private boolean kept(Duration limit) throws InterruptedException {
        source.home().call(() -> {
            export.reservations().freeze();
            return true;
        });
        return await(() -> source.home().call(export.reservations()::quiet), limit);
    }

    private static boolean await(BooleanSupplier condition, Duration limit) throws InterruptedException {
        long deadlineNs = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() >= deadlineNs) {
                return false;
            }
            Thread.sleep(LOOK_AGAIN);
        }
        return true;
    }

    @Override
    public void cancel() {
        source.home().call(() -> {
            if (namespace.volume() == copy.volume()) {
                copy.cancel();
                namespace.volume(copy.source());
            }
            source.home().remove(copy);
            return true;
        });
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        cancel();
        running.release();
    }
}
