package io.vnvme.nvme;

import java.util.function.Consumer;

/** Keeps the reservations of a namespace where they outlive a power loss (NVM Express Base 2.0, 8.19: PTPL). */
public interface ReservationKeeper {
    /**
     * Keeps them instead of what was kept before. On the namespace's reactor.
     *
     * @param image at most {@link Reservations#IMAGE_BYTES_MAX} bytes; none: nothing is to be found after a power loss
     * @param done on the same reactor, told whether they are on the media; maybe before this returns
     */
    void keep(byte[] image, Consumer<Boolean> done);
}
