package io.vnvme.control.service;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.HostConnectionInfo;
import io.vnvme.control.model.HostInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.DataPlane.ConnectedHost;
import io.vnvme.control.plane.DataPlane.Export;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.control.store.HostNqn;
import io.vnvme.control.store.VnvmeRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which hosts may connect to which vNVMe over TCP: none but those that are named. */
public final class Hosts {
    private static final int HOSTS_MAX = 256;

    private final Registry registry;
    private final Volumes volumes;
    private final DataPlane dataPlane;
    private final EventLog events;

    Hosts(Registry registry, Volumes volumes, DataPlane dataPlane, EventLog events) {
        this.registry = registry;
        this.volumes = volumes;
        this.dataPlane = dataPlane;
        this.events = events;
    }

    /** Notes that a host was not let in. */
    void refused(String subsystemNqn, String hostNqn, String peer, String why) {
        String subject = registry.state().vnvmes().stream()
                .filter(v -> v.nqn().equals(subsystemNqn))
                .map(VnvmeRecord::name)
                .findFirst()
                .orElse(subsystemNqn);
        events.add(EventKind.HOST_REFUSED, subject, "host %s at %s: %s".formatted(hostNqn, peer, why));
    }

    /** Those that may connect, in the order of their being allowed. @throws ProblemException when there is no such vNVMe */
    public List<HostInfo> list(String vnvme) {
        return infos(volumes.require(vnvme));
    }

    List<HostInfo> infos(VnvmeRecord vnvme) {
        List<ConnectedHost> connected =
                volumes.exports().find(vnvme.name()).map(Export::connectedHosts).orElse(List.of());
        return vnvme.hosts().stream().map(nqn -> info(nqn, connected)).toList();
    }

    private static HostInfo info(String nqn, List<ConnectedHost> connected) {
        return new HostInfo(
                nqn,
                connected.stream()
                        .filter(c -> c.nqn().equals(nqn))
                        .map(c -> new HostConnectionInfo(c.address(), c.controllerId(), c.queues()))
                        .toList());
    }

    /** Lets a host connect; one that may already stays so. */
    public HostInfo allow(String vnvme, @Nullable String nqn) {
        String host = checked(nqn);
        return registry.exclusively(() -> {
            VnvmeRecord record = volumes.require(vnvme);
            if (!record.hosts().contains(host)) {
                checkCount(vnvme, record.hosts().size() + 1);
                List<String> hosts = new ArrayList<>(record.hosts());
                hosts.add(host);
                change(record, hosts);
            }
            return info(host, List.of());
        });
    }

    /** Those that a new vNVMe is to allow. @throws ProblemException when one of them is none */
    static List<String> checked(String vnvme, List<String> hosts) {
        List<String> each = hosts.stream().map(Hosts::checked).distinct().toList();
        checkCount(vnvme, each.size());
        return each;
    }

    private static String checked(@Nullable String nqn) {
        if (nqn == null || !HostNqn.valid(nqn)) {
            throw new ProblemException(
                    ProblemCode.BAD_NAME,
                    "'%s' is no NQN of a host: write what the host has in /etc/nvme/hostnqn, such as nqn.2014-08.org.nvmexpress:uuid:..."
                            .formatted(nqn == null ? "" : nqn));
        }
        return nqn;
    }

    private static void checkCount(String vnvme, int count) {
        if (count > HOSTS_MAX) {
            throw new ProblemException(
                    ProblemCode.NO_SPACE, "%s allows %d hosts, and no more".formatted(vnvme, HOSTS_MAX));
        }
    }

    /**
     * Lets a host connect no more, and ends its connections.
     *
     * @throws ProblemException when it may not anyway
     */
    public HostInfo deny(String vnvme, String nqn) {
        return registry.exclusively(() -> {
            VnvmeRecord record = volumes.require(vnvme);
            List<String> hosts = new ArrayList<>(record.hosts());
            if (!hosts.remove(nqn)) {
                throw new ProblemException(ProblemCode.UNKNOWN_HOST, "%s does not allow host %s".formatted(vnvme, nqn));
            }
            change(record, hosts);
            return info(nqn, List.of());
        });
    }

    /** Saved first: what is refused must not come back after a restart, what is allowed may. */
    private void change(VnvmeRecord record, List<String> hosts) {
        registry.update(state -> state.with(record.withHosts(hosts)));
        volumes.exports().find(record.name()).ifPresent(export -> export.hosts(Set.copyOf(hosts)));
    }

    /** What a host types to connect, for each port; none when no host may, or none is accepted. */
    List<String> connectLines(VnvmeRecord vnvme) {
        if (vnvme.hosts().isEmpty()) {
            return List.of();
        }
        return dataPlane.tcpPorts().stream()
                .filter(port -> vnvme.access().admits(port.where()))
                .map(port -> "nvme connect -t tcp -a %s -s %d -n %s"
                        .formatted(address(port), port.address().getPort(), vnvme.nqn()))
                .toList();
    }

    private static String address(TcpPort port) {
        return port.advertised()
                .orElseGet(() -> port.address().getAddress().isAnyLocalAddress()
                        ? "ADDRESS"
                        : port.address().getAddress().getHostAddress());
    }
}
