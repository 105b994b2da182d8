package io.vnvme.nvme;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.volume.Volume;
import java.util.function.Consumer;

/** Flushes all volumes of a controller, one flush each, and tells how that went. */
final class ShutdownFlush implements Io.Completion {
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
                flush(namespace.volume());
            }
        }
        ended(IoStatus.OK);
    }

    private void flush(Volume volume) {
        outstanding++;
        Io io = new Io(this);
        io.prepare(Io.FLUSH, 0, 0, false);
        int status = volume.submit(io);
        if (status != IoStatus.PENDING) {
            ended(status);
        }
    }

    @Override
    public void completed(Io io, int status) {
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
