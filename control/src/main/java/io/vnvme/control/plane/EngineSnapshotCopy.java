package io.vnvme.control.plane;

import io.vnvme.migration.HomeTarget;
import io.vnvme.migration.LiveCopy;
import io.vnvme.volume.Volume;
import java.time.Duration;
import java.util.Optional;

/** A snapshot on its way to another pool: it is read through a clone that is there for that alone, and never changes. */
final class EngineSnapshotCopy implements VolumeMove {
    private static final Duration UNLIMITED = Duration.ofNanos(Long.MAX_VALUE);

    private final EnginePool source;
    private final String reader;
    private final LiveCopy copy;
    private final RunningCopy running;
    private boolean closed;

    private EngineSnapshotCopy(EnginePool source, String reader, LiveCopy copy) {
        this.source = source;
        this.reader = reader;
        this.copy = copy;
        this.running = new RunningCopy(source, copy);
    }

    /** See {@link OpenPool#copySnapshot}. */
    static EngineSnapshotCopy begin(
            EnginePool source, String snapshot, Optional<String> since, EnginePool target, String volume) {
        String of = snapshot.substring(0, snapshot.indexOf('@'));
        String reader = source.reader(snapshot);
        try {
            Volume from = source.volume(reader, source.cipher(of));
            Volume to = target.volume(volume, source.cipher(of));
            return source.home().call(() -> {
                LiveCopy copy =
                        new LiveCopy(from, new HomeTarget(source.home(), target.home(), to), () -> 0, since.isEmpty());
                copy.whenSettled(() -> source.survey(since, snapshot, copy));
                source.home().add(copy);
                return new EngineSnapshotCopy(source, reader, copy);
            });
        } catch (RuntimeException e) {
            source.remove(reader);
            throw e;
        }
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

    /** Nobody uses it, so nobody waits: it may take as long as it takes, and the next call goes on waiting. */
    @Override
    public boolean switchOver(Duration limit, Runnable commit) {
        try {
            if (running.frozen(UNLIMITED, ExportCopy.CALM)) {
                commit.run();
                return true;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    @Override
    public void cancel() {
        source.home().call(() -> {
            copy.cancel();
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
        source.remove(reader);
    }
}
