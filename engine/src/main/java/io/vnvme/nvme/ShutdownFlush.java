package io.vnvme.nvme;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import java.util.function.Consumer;

/** Flushes all volumes of a controller, one flush each, and tells how that went. */
final class ShutdownFlush {
    private final ActiveNamespaces namespaces;
    private final Consumer<Boolean> done;
    private int outstanding = 1;
    private boolean failed;

    ShutdownFlush(ActiveNamespaces namespaces, Consumer<Boolean> done) {
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
        ended(IoStatus.OK);
    }

    /** Counted as all that the namespace's volume is given: whoever moves it waits until that has ended. */
    private void flush(Namespace namespace) {
        outstanding++;
        namespace.workBegan();
        Io io = new Io((_, status) -> ended(namespace, status));
        io.prepare(Io.FLUSH, 0, 0, false);
        int status = namespace.volume().submit(io);
        if (status != IoStatus.PENDING) {
            ended(namespace, status);
        }
    }

    private void ended(Namespace namespace, int status) {
        namespace.workEnded();
        ended(status);
    }

    private void ended(int status) {
        failed |= status != IoStatus.OK;
        outstanding--;
        if (outstanding == 0) {
            done.accept(!failed);
        }
    }
}
