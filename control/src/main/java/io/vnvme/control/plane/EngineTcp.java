package io.vnvme.control.plane;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.frontend.tcp.ListeningPort;
import io.vnvme.frontend.tcp.TargetEvents;
import io.vnvme.frontend.tcp.TcpTarget;
import io.vnvme.os.NativeException;
import io.vnvme.reactor.IdlePolicy;
import io.vnvme.reactor.Reactor;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The NVMe/TCP target of a data plane, and the reactor that meets its hosts: there once somebody is to be accepted. */
final class EngineTcp implements TargetEvents, AutoCloseable {
    private static final Logger LOG = System.getLogger(EngineTcp.class.getName());
    /** Refusals that wait to be noted: whoever knocks faster is noted less often. */
    private static final int REFUSALS_MAX = 64;

    private final Reactor reception;
    private final TcpTarget target;
    private final HostRefusals refusals;
    private final ThreadPoolExecutor notes = new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(REFUSALS_MAX),
            Thread.ofPlatform().daemon().name("tcp-refusals").factory(),
            new ThreadPoolExecutor.DiscardPolicy());

    EngineTcp(HostRefusals refusals) {
        this.refusals = refusals;
        reception = Reactor.start(
                "reception",
                -1,
                IdlePolicy.INTERRUPT,
                failure ->
                        LOG.log(Level.ERROR, "the reception of hosts: a part of it failed and was removed", failure));
        target = TcpTarget.open(reception, this);
    }

    TcpTarget target() {
        return target;
    }

    TcpPort listen(TcpPort port) {
        try {
            return port(target.listen(port.address(), port.advertised().orElse(null)));
        } catch (NativeException e) {
            throw new ProblemException(
                    ProblemCode.HOST_REFUSED,
                    "NVMe/TCP hosts cannot be accepted at %s: %s".formatted(port.text(), e.getMessage()),
                    e);
        }
    }

    void unlisten(String where) {
        target.ports().stream()
                .filter(port -> TcpPort.where(port.address()).equals(where))
                .forEach(target::unlisten);
    }

    TcpCounters counters() {
        return new TcpCounters(target.connected().size(), target.refusals(), target.drops());
    }

    List<TcpPort> ports() {
        return target.ports().stream().map(EngineTcp::port).toList();
    }

    private static TcpPort port(ListeningPort bound) {
        return new TcpPort(bound.address(), Optional.ofNullable(bound.advertised()));
    }

    @Override
    public void refused(String subsystemNqn, String hostNqn, String peer, String why) {
        notes.execute(() -> refusals.refused(subsystemNqn, hostNqn, peer, why));
    }

    @Override
    public boolean returns(String subsystemNqn, String hostNqn) {
        return refusals.returns(subsystemNqn, hostNqn);
    }

    @Override
    public void dropped(String peer, String why) {
        notes.execute(() -> refusals.dropped(peer, why));
    }

    @Override
    public void turnedAway(String peer, String why) {
        LOG.log(Level.INFO, "NVMe/TCP: {0}: {1}", peer, why);
    }

    @Override
    public void failed(Throwable failure) {
        LOG.log(Level.ERROR, "NVMe/TCP: a connection failed", failure);
    }

    /** While the reactors of pools still run: hosts go, and their controllers with them. */
    @Override
    public void close() {
        target.close();
        reception.close();
        notes.shutdown();
    }
}
