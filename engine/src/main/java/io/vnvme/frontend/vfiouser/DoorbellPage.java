package io.vnvme.frontend.vfiouser;

import io.vnvme.os.Fd;
import io.vnvme.os.Mapping;
import io.vnvme.os.Memfd;
import io.vnvme.os.Reclaimer;
import java.lang.foreign.MemorySegment;

/**
 * The page that client and controller share: doorbells are stored there without a message.
 *
 * <p>The file is as long as BAR0 so that the page lies at the offset that it has in the region; its length is sealed, so
 * that the client cannot take the memory away.
 */
final class DoorbellPage {
    private static final int SEALS = Memfd.SEAL_SHRINK | Memfd.SEAL_GROW | Memfd.SEAL_SEAL;

    private final Fd fd;
    private final Mapping mapping;

    DoorbellPage() {
        this(Memfd.create("vnvme-bar0", Bar0.SIZE));
    }

    /** @param fd of such a page, that another process made; its owner from now on, also when it fails */
    DoorbellPage(Fd fd) {
        this.fd = fd;
        try {
            if (Memfd.seals(fd) != SEALS) {
                Memfd.seal(fd, SEALS);
            }
            mapping = Mapping.shared(fd, Bar0.DOORBELLS, Bar0.DOORBELLS_SIZE, true);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    MemorySegment segment() {
        return mapping.segment();
    }

    /** Of a file whose offsets are those of the region. */
    Fd fd() {
        return fd;
    }

    void close(Reclaimer reclaimer) {
        fd.close();
        reclaimer.close(mapping);
    }
}
