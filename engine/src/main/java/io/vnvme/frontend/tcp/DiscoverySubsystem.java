package io.vnvme.frontend.tcp;

import io.vnvme.nvme.Controller;
import io.vnvme.nvme.Subsystem;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.reactor.Home;

/** The discovery subsystem: any host may ask, and hears of what it may connect to. */
final class DiscoverySubsystem implements TcpSubsystem {
    private final TcpTarget target;
    private final Home home;
    private final Subsystem subsystem;

    DiscoverySubsystem(TcpTarget target, Home home) {
        this.target = target;
        this.home = home;
        subsystem = new Subsystem(Fabrics.DISCOVERY_NQN, "discovery", "vNVMe discovery", "1.0");
    }

    @Override
    public String nqn() {
        return Fabrics.DISCOVERY_NQN;
    }

    @Override
    public Home home() {
        return home;
    }

    @Override
    public boolean admits(String hostNqn, ListeningPort port) {
        return true;
    }

    @Override
    public Controller open(Host host) {
        String hostNqn = host.identity().nqn();
        return Controller.forDiscovery(
                subsystem,
                subsystem.nextControllerId(),
                host.identity(),
                host.limits(),
                host.memory(),
                host.doorbells(),
                () -> target.discoveryLog(hostNqn, host.local()));
    }

    @Override
    public void ended(Controller controller, String reason) {
        // A host that has asked goes: nothing to be noted.
    }
}
