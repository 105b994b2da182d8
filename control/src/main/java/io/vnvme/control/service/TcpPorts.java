package io.vnvme.control.service;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.HostRefusals;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.control.store.VnvmeRecord;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Where NVMe/TCP hosts are accepted: at the daemon's ports, and at those that vNVMes were given of their own. */
final class TcpPorts {
    private static final Logger LOG = System.getLogger(TcpPorts.class.getName());

    private final Registry registry;
    private final DataPlane dataPlane;
    private final EventLog events;
    private final HostRefusals refusals;
    /** Those of vNVMes, in words; not those of the daemon. */
    private final Set<String> given = new HashSet<>();

    TcpPorts(Registry registry, DataPlane dataPlane, EventLog events, HostRefusals refusals) {
        this.registry = registry;
        this.dataPlane = dataPlane;
        this.events = events;
        this.refusals = refusals;
    }

    /**
     * The daemon's ports.
     *
     * @param referrals discovery controllers elsewhere that hosts are told of there
     * @throws ProblemException when one of them cannot be had
     */
    void listen(List<TcpPort> ports, List<InetSocketAddress> referrals) {
        ports.forEach(port -> dataPlane.listen(port, refusals));
        dataPlane.referrals(referrals);
    }

    /** The ports of vNVMes that there are: one that cannot be had keeps its vNVMes from hosts, and nothing else. */
    void open() {
        registry.exclusively(() -> {
            for (VnvmeRecord vnvme : registry.state().vnvmes()) {
                try {
                    need(vnvme.access().ports());
                } catch (ProblemException e) {
                    LOG.log(Level.WARNING, "vNVMe {0}: {1}", vnvme.name(), e.getMessage());
                    events.add(EventKind.PORT_FAILED, vnvme.name(), String.valueOf(e.getMessage()));
                }
            }
            return true;
        });
    }

    /**
     * Accepts hosts there too.
     *
     * @param ports each ADDRESS:PORT
     * @return as they are written from now on
     * @throws ProblemException when one of them is no address, or cannot be had; then no more are accepted than before
     */
    synchronized List<String> need(List<String> ports) {
        List<String> names = new ArrayList<>();
        List<String> added = new ArrayList<>();
        try {
            for (String text : ports) {
                TcpPort port = parsed(text);
                if (dataPlane.tcpPorts().stream().map(TcpPort::where).noneMatch(port.where()::equals)) {
                    String where = dataPlane.listen(port, refusals).where();
                    added.add(where);
                    given.add(where);
                    names.add(where);
                } else {
                    names.add(port.where());
                }
            }
        } catch (ProblemException e) {
            added.forEach(this::close);
            throw e;
        }
        return names;
    }

    /** Ports that no vNVMe has any more are closed. */
    synchronized void release() {
        Set<String> needed = new HashSet<>();
        registry.state().vnvmes().forEach(v -> needed.addAll(v.access().ports()));
        Set.copyOf(given).stream().filter(port -> !needed.contains(port)).forEach(this::close);
    }

    private void close(String port) {
        given.remove(port);
        dataPlane.unlisten(port);
    }

    /** @throws ProblemException when there is nowhere for hosts to come to */
    void checkAny() {
        if (dataPlane.tcpPorts().isEmpty()) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "the daemon accepts no hosts: say where, such as --tcp 0.0.0.0:4420, or start the daemon with that");
        }
    }

    private static TcpPort parsed(String text) {
        try {
            return TcpPort.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, String.valueOf(e.getMessage()), e);
        }
    }
}
