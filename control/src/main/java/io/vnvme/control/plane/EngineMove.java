package io.vnvme.control.plane;

import io.vnvme.migration.HomeTarget;
import io.vnvme.volume.Volume;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/**
 * A namespace's volume on its way to another pool. The copy is polled at the home of the pool that it leaves; for the switch the
 * other pool comes to the same reactor, so that it is one step for all who use the namespace.
 */
final class EngineMove implements VolumeMove {
    private final EngineDataPlane plane;
    private final EngineExport export;
    private final EnginePool source;
    private final EnginePool target;
    private final String volume;
    private final Volume destination;
    private final ExportCopy copy;
    private boolean closed;

    private EngineMove(
            EngineDataPlane plane,
            EngineExport export,
            EnginePool target,
            String volume,
            Volume destination,
            ExportCopy copy) {
        this.plane = plane;
        this.export = export;
        this.source = export.pool();
        this.target = target;
        this.volume = volume;
        this.destination = destination;
        this.copy = copy;
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
        HomeTarget there = new HomeTarget(source.home(), target.home(), destination);
        ExportCopy copy = EngineFailure.translated(
                () -> source.home().call(() -> ExportCopy.begin(export, source, there, since)));
        return new EngineMove(plane, export, target, volume, destination, copy);
    }

    @Override
    public State state() {
        return copy.running().state();
    }

    @Override
    public Optional<String> failure() {
        return copy.running().failure();
    }

    @Override
    public boolean ready() {
        return copy.running().ready();
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
        if (!copy.freeze(limit)) {
            return false;
        }
        try {
            if (!same()) {
                // Copied while nobody waits, and looked at again at the next try.
                copy.thaw();
                attributesCopied();
                return false;
            }
            commit.run();
        } catch (RuntimeException e) {
            copy.thaw();
            throw e;
        }
        // The state says that the copy counts: from here on nothing may say otherwise. Guests are let in last.
        copy.settle(destination, () -> export.moved(target));
        return true;
    }

    /** Whether nothing but the place is another: its size and what is kept with it. */
    private boolean same() {
        if (destination.sizeBytes()
                != source.home().call(() -> export.namespace().volume().sizeBytes())) {
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

    @Override
    public void cancel() {
        copy.cancel();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        cancel();
        copy.release();
    }
}
