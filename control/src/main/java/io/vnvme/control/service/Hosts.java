package io.vnvme.control.service;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.HostConnectionInfo;
import io.vnvme.control.model.HostInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.SetHostKeys;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.DataPlane.ConnectedHost;
import io.vnvme.control.plane.DataPlane.Export;
import io.vnvme.control.plane.HostRefusals;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.control.store.Demand;
import io.vnvme.control.store.HostNqn;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.frontend.tcp.HostTerms;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which hosts may connect to which vNVMe over TCP: none but those that are named. */
public final class Hosts implements HostRefusals {
    private static final int HOSTS_MAX = 256;

    private final Registry registry;
    private final Volumes volumes;
    private final DataPlane dataPlane;
    private final EventLog events;
    private final HostKeys keys;

    Hosts(Registry registry, Volumes volumes, DataPlane dataPlane, EventLog events, HostKeys keys) {
        this.registry = registry;
        this.volumes = volumes;
        this.dataPlane = dataPlane;
        this.events = events;
        this.keys = keys;
        forgetOthers();
    }

    /** Forgets keys of vNVMes that are not there any more. */
    void forgetOthers() {
        Set<String> there =
                registry.state().vnvmes().stream().map(VnvmeRecord::nqn).collect(Collectors.toSet());
        keys.keep(there::contains);
    }

    @Override
    public void dropped(String peer, String why) {
        int colon = peer.lastIndexOf(':');
        events.add(EventKind.HOST_AT_FAULT, colon < 0 ? peer : peer.substring(0, colon), "%s: %s".formatted(peer, why));
    }

    @Override
    public void refused(String subsystemNqn, String hostNqn, String peer, String why) {
        String subject = registry.state().vnvmes().stream()
                .filter(v -> v.nqn().equals(subsystemNqn))
                .map(VnvmeRecord::name)
                .findFirst()
                .orElse(subsystemNqn);
        events.add(EventKind.HOST_REFUSED, subject, "host %s at %s: %s".formatted(hostNqn, peer, why));
    }

    @Override
    public boolean returns(String subsystemNqn, String hostNqn) {
        return registry.state().vnvmes().stream()
                .anyMatch(v -> v.nqn().equals(subsystemNqn) && v.hosts().contains(hostNqn));
    }

    /** Those that may connect, in the order of their being allowed. @throws ProblemException when there is no such vNVMe */
    public List<HostInfo> list(String vnvme) {
        return infos(volumes.require(vnvme));
    }

    List<HostInfo> infos(VnvmeRecord vnvme) {
        List<ConnectedHost> connected =
                volumes.exports().find(vnvme.name()).map(Export::connectedHosts).orElse(List.of());
        return vnvme.hosts().stream().map(nqn -> info(vnvme, nqn, connected)).toList();
    }

    private HostInfo info(VnvmeRecord vnvme, String nqn, List<ConnectedHost> connected) {
        return new HostInfo(
                nqn,
                connected.stream()
                        .filter(c -> c.nqn().equals(nqn))
                        .map(c -> new HostConnectionInfo(c.address(), c.controllerId(), c.queues()))
                        .toList(),
                keys.names(vnvme.nqn(), nqn),
                demand(keys.terms(vnvme.nqn(), nqn)));
    }

    private static String demand(HostTerms terms) {
        if (terms.authenticate()) {
            return terms.encrypt() ? "both" : "dhchap";
        }
        return terms.encrypt() ? "tls" : "none";
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
            return info(record, host, List.of());
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
                throw unknown(vnvme, nqn);
            }
            change(record, hosts);
            keys.remove(record.nqn(), nqn);
            return info(record, nqn, List.of());
        });
    }

    /**
     * Changes the keys of a host. Whoever is connected stays so, unless the host has to authenticate from now on and has not.
     *
     * @throws ProblemException when the vNVMe does not allow it, or a key is none
     */
    public HostInfo keys(String vnvme, String nqn, SetHostKeys wanted) {
        return registry.exclusively(() -> {
            VnvmeRecord record = requireAllowed(vnvme, nqn);
            keys.set(record.nqn(), nqn, wanted);
            return changed(record, nqn);
        });
    }

    /** Forgets the keys of a host. */
    public HostInfo removeKeys(String vnvme, String nqn) {
        return registry.exclusively(() -> {
            VnvmeRecord record = requireAllowed(vnvme, nqn);
            keys.remove(record.nqn(), nqn);
            return changed(record, nqn);
        });
    }

    /** How hosts have to show who they are, from now on: those that have not done so are gone when this returns. */
    public List<HostInfo> demand(String vnvme, @Nullable String word) {
        Demand demand = Demand.of(word)
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.BAD_REQUEST,
                        "'%s' is nothing that can be demanded: say auto, none, dhchap, tls or both".formatted(word)));
        return registry.exclusively(() -> {
            VnvmeRecord record = volumes.require(vnvme);
            keys.demand(record.nqn(), demand);
            admit(record, record.hosts());
            return infos(record);
        });
    }

    private VnvmeRecord requireAllowed(String vnvme, String nqn) {
        VnvmeRecord record = volumes.require(vnvme);
        if (!record.hosts().contains(nqn)) {
            throw unknown(vnvme, nqn);
        }
        return record;
    }

    private HostInfo changed(VnvmeRecord record, String nqn) {
        forgetOthers();
        admit(record, record.hosts());
        return info(record, nqn, List.of());
    }

    private static ProblemException unknown(String vnvme, String nqn) {
        return new ProblemException(ProblemCode.UNKNOWN_HOST, "%s does not allow host %s".formatted(vnvme, nqn));
    }

    /** Saved first: what is refused must not come back after a restart, what is allowed may. */
    private void change(VnvmeRecord record, List<String> hosts) {
        volumes.moving().requireHere(record.name());
        registry.update(state -> state.with(record.withHosts(hosts)));
        admit(record, hosts);
    }

    private void admit(VnvmeRecord record, List<String> hosts) {
        volumes.exports().find(record.name()).ifPresent(export -> export.hosts(Set.copyOf(hosts)));
    }

    /** What a host types to connect, for each port; none when no host may, or none is accepted. */
    List<String> connectLines(VnvmeRecord vnvme) {
        if (vnvme.hosts().isEmpty()) {
            return List.of();
        }
        String needed = needed(vnvme);
        return dataPlane.tcpPorts().stream()
                .filter(port -> vnvme.access().admits(port.where()))
                .map(port -> "nvme connect -t tcp -a %s -s %d -n %s%s"
                        .formatted(address(port), port.address().getPort(), vnvme.nqn(), needed))
                .toList();
    }

    /** Options with which the host that has to show the most gets in. */
    private String needed(VnvmeRecord vnvme) {
        String options = "";
        if (vnvme.hosts().stream().anyMatch(nqn -> keys.terms(vnvme.nqn(), nqn).authenticate())) {
            options += " --dhchap-secret DHHC-1:...";
        }
        if (vnvme.hosts().stream().anyMatch(nqn -> keys.names(vnvme.nqn(), nqn).contains("controller"))) {
            options += " --dhchap-ctrl-secret DHHC-1:...";
        }
        if (vnvme.hosts().stream().anyMatch(nqn -> keys.terms(vnvme.nqn(), nqn).encrypt())) {
            options += " --tls";
        }
        return options;
    }

    private static String address(TcpPort port) {
        return port.advertised()
                .orElseGet(() -> port.address().getAddress().isAnyLocalAddress()
                        ? "ADDRESS"
                        : port.address().getAddress().getHostAddress());
    }
}
