package io.vnvme.frontend.vfiouser;

import io.vnvme.nvme.Controller;
import io.vnvme.os.Fd;
import java.util.Optional;

/** The NVMe controller behind a connection, as far as the front end touches it: on one reactor only. */
public interface Device {
    /** The controller itself; what it does at the end of the connection is to be closed. */
    static Device of(Controller controller) {
        return of(controller, () -> {});
    }

    /** The same; {@code closing} is called on the reactor once, before the controller is closed. */
    static Device of(Controller controller, Runnable closing) {
        return new ControllerDevice(controller, closing);
    }

    /** Reads BAR0 below the doorbells: an aligned dword. */
    int readRegister(int offset);

    /** Writes BAR0, doorbells included: an aligned dword. */
    void writeRegister(int offset, int value);

    /** Whether a completion waits that the host was interrupted for, or should be: the level of INTx. */
    boolean interruptPending();

    /** Bus Master Enable and power state D0: without them nothing in guest memory is touched. */
    void busMaster(boolean enabled);

    /** Function level reset. */
    void reset();

    /** Does what there is to do. @return how much */
    int poll(long nowNs);

    /** As a {@link io.vnvme.reactor.Poller}. */
    long prepareSleep(long nowNs);

    /** The client cannot map the doorbells: it writes them by messages. Called before anything else, or never. */
    void trapDoorbells();

    /** True while a client waits for each of its doorbell writes to be read from the socket. */
    boolean rungByWrites();

    /** True when no command is in flight: after {@link #reset} it may take some polls. */
    boolean quiescent();

    /** The controller's state, for another process to adopt; it stays the device's. */
    Fd state();

    /** Goes on where another process ended: of a device that {@link ControllerFactory#adopt} made, once. */
    void resume();

    /** The controller, where it is one that can go to another process or host. */
    default Optional<Controller> controller() {
        return Optional.empty();
    }

    /** Ends it; called once, when quiescent. */
    void close();
}
