package io.vnvme.control.vm;

import java.time.Duration;

/** A monitor over a connection of our own: its end tells of QEMU's, which silence does not. */
interface HeldMonitor extends Monitor {
    /**
     * Waits until QEMU has let go of the connection, as it does when it ends: its processors have stopped before that.
     *
     * @return false when it has not in time
     */
    boolean awaitEnd(Duration timeout);
}
