package io.vnvme.migration;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.reactor.Home;
import io.vnvme.volume.Volume;

/**
 * A volume that may belong to another reactor than the copy, and both may go elsewhere meanwhile: work goes there and comes
 * back by the mailboxes.
 */
public final class HomeTarget implements CopyTarget {
    private final Home here;
    private final Home there;
    private final Volume volume;

    /**
     * @param here of the copy
     * @param there of the volume
     */
    public HomeTarget(Home here, Home there, Volume volume) {
        this.here = here;
        this.there = there;
        this.volume = volume;
    }

    @Override
    public int submit(Io io) {
        Errand errand = new Errand();
        errand.sender = io.redirect(errand);
        there.execute(() -> errand.run(io));
        return IoStatus.PENDING;
    }

    /** One piece of work on its way there and back. */
    private final class Errand implements Io.Completion {
        private Io.Completion sender = this;

        void run(Io io) {
            int status = IoStatus.WRITE_ERROR;
            try {
                status = volume.submit(io);
            } finally {
                if (status != IoStatus.PENDING) {
                    completed(io, status);
                }
            }
        }

        @Override
        public void completed(Io io, int status) {
            here.execute(() -> {
                io.redirect(sender);
                io.complete(status);
            });
        }
    }
}
