package io.vnvme.nvme;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Flushes all volumes of a controller, one flush each, and tells how that went. */
final class ShutdownFlush {
    private static final String FAILED = "a volume could not be flushed at shutdown";

    private final ActiveNamespaces namespaces;
    private final Consumer<Optional<String>> done;
    private int outstanding = 1;
    private @Nullable String failure;

    /** @param done told once, when all have ended: why one could not be flushed; nothing: all are */
    ShutdownFlush(ActiveNamespaces namespaces, Consumer<Optional<String>> done) {
        this.namespaces = namespaces;
        this.done = done;
    }

    void begin() {
        for (int nsid = namespaces.next(0); nsid != 0; nsid = namespaces.next(nsid)) {
            Namespace namespace = namespaces.find(nsid);
            if (namespace != null) {
                flush(namespace);
            }
        }
        ended();
    }

    /** Counted as all that the namespace's volume is given: whoever moves it waits until that has ended. */
    private void flush(Namespace namespace) {
        Io io = new Io((_, status) -> {
            namespace.workEnded();
            took(status);
            ended();
        });
        io.prepare(Io.FLUSH, 0, 0, false);
        try {
            int status = namespace.volume().submit(io);
            if (status == IoStatus.PENDING) {
                outstanding++;
                namespace.workBegan();
            } else {
                took(status);
            }
        } catch (InternalError | RuntimeException e) {
            // The others are flushed all the same: what they have taken is safe then.
            failure = FAILED + ": " + e;
        }
    }

    private void took(int status) {
        if (status != IoStatus.OK && failure == null) {
            failure = FAILED;
        }
    }

    private void ended() {
        outstanding--;
        if (outstanding == 0) {
            done.accept(Optional.ofNullable(failure));
        }
    }
}
