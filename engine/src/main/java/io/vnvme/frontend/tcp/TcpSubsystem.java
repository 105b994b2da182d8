package io.vnvme.frontend.tcp;

import io.vnvme.memory.GuestMemory;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.FabricsHost;
import io.vnvme.nvme.FabricsLimits;
import io.vnvme.reactor.Home;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/** An NVM subsystem that hosts reach over TCP. */
public interface TcpSubsystem {
    /**
     * What a controller is made of.
     *
     * @param home where the controller is and may be moved from
     * @param memory that takes the place of the host's
     * @param doorbells a page that is nobody else's
     * @param port where the host came in
     * @param local the address at which the host reached us
     * @param peer the host's address, for people
     */
    record Host(
            Home home,
            FabricsHost identity,
            FabricsLimits limits,
            GuestMemory memory,
            MemorySegment doorbells,
            ListeningPort port,
            InetSocketAddress local,
            String peer) {}

    String nqn();

    /** Where controllers are made: on this reactor {@link #open} is called. From any thread. */
    Home home();

    /** Whether a host may connect, by this port. From any thread. */
    boolean admits(String hostNqn, ListeningPort port);

    /** How a host that is admitted has to show who it is: asked for each queue, and each time it does. From any thread. */
    default HostTerms terms(String hostNqn) {
        return HostTerms.NONE;
    }

    /**
     * Makes a controller for a host that is admitted.
     *
     * @throws ConnectRefused when it cannot have one now
     */
    Controller open(Host host);

    /** On the controller's reactor: the host is gone, none of its commands is left, and the controller is closed next. */
    void ended(Controller controller, String reason);
}
