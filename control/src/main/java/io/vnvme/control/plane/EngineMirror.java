package io.vnvme.control.plane;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.drive.nvmetcp.NamespaceFacts;
import io.vnvme.drive.nvmetcp.PathView;
import io.vnvme.drive.nvmetcp.Portal;
import io.vnvme.drive.nvmetcp.RemoteDrive;
import io.vnvme.drive.nvmetcp.RemoteHealth;
import io.vnvme.drive.nvmetcp.RemoteNamespace;
import io.vnvme.drive.nvmetcp.RemoteOptions;
import io.vnvme.migration.LiveCopy;
import io.vnvme.reactor.Poller;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * A namespace's volume on its way to a namespace of another machine. The connection has its home with the volume's pool, as the copy
 * has, and goes wherever that goes.
 */
final class EngineMirror implements VolumeMirror {
    /** Long enough for a connection to be lost, noticed and made again; what was copied until then is worth as much. */
    private static final Duration STILL = Duration.ofSeconds(10);
    /** A path is given up after one and a half of these, and what it had to write is written again after two more. */
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(2);

    private static final Duration LOSS_TIME = Duration.ofSeconds(6);

    private final EnginePool source;
    private final EngineExport export;
    private final RemoteDrive drive;
    private final RemoteHealth health;
    private final ExportCopy copy;
    private final Watch watch;
    private final long sizeBytes;
    private boolean closed;

    private EngineMirror(EngineExport export, RemoteDrive drive, RemoteHealth health, ExportCopy copy) {
        this.export = export;
        this.source = export.pool();
        this.drive = drive;
        this.health = health;
        this.copy = copy;
        this.sizeBytes = drive.sizeBytes();
        this.watch = new Watch(copy.copy(), health);
    }

    /** Connects, and begins. @throws ProblemException when there is no way to it, or it is another one */
    static EngineMirror begin(EngineExport export, MirrorTarget target, RemoteHost host) {
        RemoteNamespace namespace = address(target).resolve(host.with(target.keys()));
        NamespaceFacts found = EngineRemoteDrive.use(namespace, new RemoteHealth(), (facts, _) -> facts);
        EnginePool source = export.pool();
        return source.home().call(() -> {
            check(export, target, found);
            RemoteHealth health = new RemoteHealth();
            RemoteDrive drive = RemoteDrive.at(
                    source.home(), export.name(), namespace, found, health, RandomGenerator.getDefault());
            try {
                ExportCopy copy = ExportCopy.begin(export, source, drive::submit, Optional.empty());
                EngineMirror begun = new EngineMirror(export, drive, health, copy);
                source.home().add(begun.watch);
                return begun;
            } catch (RuntimeException e) {
                drive.close();
                throw e;
            }
        });
    }

    private static RemoteAddress address(MirrorTarget target) {
        List<RemoteAddress.Place> places = target.addresses().stream()
                .map(address -> RemoteAddress.Place.parse(address, Portal.PORT))
                .toList();
        if (places.isEmpty() || places.size() > RemoteNamespace.PORTALS_MAX) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "%d addresses of a target: there are 1 to %d"
                            .formatted(places.size(), RemoteNamespace.PORTALS_MAX));
        }
        RemoteOptions options = RemoteOptions.usual()
                .keepAlive(KEEP_ALIVE)
                .lossTime(LOSS_TIME)
                .commandTimeout(STILL)
                .tls(target.keys().tls().isPresent());
        return new RemoteAddress(places, target.nqn(), target.nsid(), options);
    }

    /** On the reactor. */
    private static void check(EngineExport export, MirrorTarget target, NamespaceFacts found) {
        if (!found.is(target.uuid())) {
            throw refused(target, "is another one than %s: %s".formatted(target.uuid(), found.identity()));
        }
        long sizeBytes = export.namespace().volume().sizeBytes();
        int blockBytes = 1 << export.namespace().blockShift();
        if (found.sizeBytes() != sizeBytes || found.blockBytes() != blockBytes) {
            throw refused(
                    target,
                    "has %d bytes in blocks of %d, and %s has %d in blocks of %d"
                            .formatted(found.sizeBytes(), found.blockBytes(), export.name(), sizeBytes, blockBytes));
        }
    }

    private static ProblemException refused(MirrorTarget target, String why) {
        return new ProblemException(
                ProblemCode.TARGET_REFUSED, "namespace %d of %s %s".formatted(target.nsid(), target.nqn(), why));
    }

    /** Ends the copy when the target is lost for too long, even while there is nothing to be written to it. */
    private static final class Watch implements Poller {
        private static final long LOOK_NS = 100_000_000;

        private final LiveCopy copy;
        private final RemoteHealth health;
        private long lookedNs = Long.MIN_VALUE;
        private long sinceNs = Long.MIN_VALUE;
        private long copiedBytes = -1;

        Watch(LiveCopy copy, RemoteHealth health) {
            this.copy = copy;
            this.health = health;
        }

        @Override
        public int poll(long nowNs) {
            if (nowNs - LOOK_NS < lookedNs) {
                return 0;
            }
            lookedNs = nowNs;
            long copied = copy.copiedBytes();
            if (copied != copiedBytes || copy.idle()) {
                copiedBytes = copied;
                sinceNs = nowNs;
            }
            // While it is frozen all is there, and whoever has frozen it decides.
            if (copy.isFrozen()) {
                return 0;
            }
            if (health.gone()) {
                copy.fail("no path to the target works");
            } else if (nowNs - sinceNs >= STILL.toNanos()) {
                copy.fail("nothing could be copied for %d s".formatted(STILL.toSeconds()));
            }
            return 0;
        }

        @Override
        public long prepareSleep(long nowNs) {
            return LOOK_NS;
        }
    }

    @Override
    public VolumeMove.State state() {
        return copy.running().state();
    }

    @Override
    public Optional<String> failure() {
        return copy.running().failure().map(why -> {
            String paths = health.paths().stream()
                    .filter(path -> !path.trouble().isEmpty())
                    .map(EngineMirror::words)
                    .collect(Collectors.joining("; "));
            return paths.isEmpty() ? why : "%s (%s)".formatted(why, paths);
        });
    }

    private static String words(PathView path) {
        return path.portal() + ": " + path.trouble();
    }

    @Override
    public boolean ready() {
        return copy.running().ready();
    }

    @Override
    public synchronized boolean freeze(Duration limit) {
        if (closed || !copy.freeze(limit)) {
            return false;
        }
        if (source.home().call(() -> export.namespace().volume().sizeBytes()) != sizeBytes) {
            copy.thaw();
            throw new IllegalStateException("%s has another size than its copy".formatted(export.name()));
        }
        return true;
    }

    @Override
    public synchronized void thaw() {
        if (!closed) {
            copy.thaw();
        }
    }

    @Override
    public byte[] reservations() {
        return source.home().call(export.namespace()::handOverReservations);
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        copy.cancel();
        CompletableFuture<Boolean> gone = new CompletableFuture<>();
        source.home().call(() -> {
            source.home().remove(watch);
            drive.close(() -> gone.complete(true));
            return true;
        });
        gone.join();
        copy.release();
    }
}
