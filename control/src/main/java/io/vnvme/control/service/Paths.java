package io.vnvme.control.service;

import io.vnvme.control.model.ChangeAccess;
import io.vnvme.control.model.PathInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.SetGroupPath;
import io.vnvme.control.model.SetPath;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.DataPlane.ConnectedHost;
import io.vnvme.control.plane.DataPlane.Export;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.control.store.Access;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.nvme.AnaState;
import io.vnvme.nvme.NamespaceAccess;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The ways to a vNVMe - by PCI, and by each port where hosts come - and their ANA states. */
public final class Paths {
    private final Registry registry;
    private final Volumes volumes;
    private final DataPlane dataPlane;
    private final Attachments attachments;

    Paths(Registry registry, Volumes volumes, DataPlane dataPlane, Attachments attachments) {
        this.registry = registry;
        this.volumes = volumes;
        this.dataPlane = dataPlane;
        this.attachments = attachments;
    }

    /** PCI first, then the ports. @throws ProblemException when there is no such vNVMe */
    public List<PathInfo> list(String name) {
        return infos(volumes.require(name));
    }

    List<PathInfo> infos(VnvmeRecord vnvme) {
        Access access = vnvme.access();
        Optional<Export> export = volumes.exports().find(vnvme.name());
        List<ConnectedHost> hosts = export.map(Export::connectedHosts).orElse(List.of());
        int vms = (int) volumes.exports().connections(vnvme.name()).stream()
                .filter(c -> c.open() && c.host().isEmpty() && c.shown().contains(vnvme.name()))
                .count();
        List<PathInfo> infos = new ArrayList<>();
        infos.add(info(access, Access.PCI, vms));
        for (String port : ports(access)) {
            int there = (int) hosts.stream().filter(h -> h.port().equals(port)).count();
            infos.add(info(access, port, there));
        }
        return infos;
    }

    private List<String> ports(Access access) {
        return dataPlane.tcpPorts().stream()
                .map(TcpPort::where)
                .filter(access::admits)
                .toList();
    }

    private static PathInfo info(Access access, String path, int clients) {
        String transport = path.equals(Access.PCI) ? Access.PCI : "tcp";
        return new PathInfo(path, transport, access.state(path), access.group(), clients);
    }

    /**
     * Changes the state of a path, and tells who has it.
     *
     * @throws ProblemException when there is no such path or state
     */
    public List<PathInfo> set(String name, SetPath request) {
        String state = checkedState(request.state());
        return registry.exclusively(() -> {
            VnvmeRecord vnvme = volumes.require(name);
            checkPath(vnvme, request.path());
            return change(vnvme, access -> access.with(String.valueOf(request.path()), state));
        });
    }

    /**
     * The same for all vNVMes of an ANA group that have the path.
     *
     * @return their names
     * @throws ProblemException when there is none
     */
    public List<String> setGroup(SetGroupPath request) {
        String state = checkedState(request.state());
        int group = checkedGroup(request.group());
        return registry.exclusively(() -> {
            List<VnvmeRecord> all = registry.state().vnvmes().stream()
                    .filter(v -> v.access().group() == group)
                    .toList();
            if (all.isEmpty()) {
                throw new ProblemException(
                        ProblemCode.UNKNOWN_PATH, "no vNVMe is in ANA group %d: see 'vnvme path ls'".formatted(group));
            }
            all.forEach(vnvme -> checkPath(vnvme, request.path()));
            all.forEach(vnvme -> change(vnvme, access -> access.with(String.valueOf(request.path()), state)));
            return all.stream().map(VnvmeRecord::name).toList();
        });
    }

    /** Changes what is not about one path. @throws ProblemException when sharing is to change while somebody has it */
    public List<PathInfo> change(String name, ChangeAccess request) {
        Boolean shared = request.shared();
        Integer group = request.group();
        if (group != null) {
            checkedGroup(group);
        }
        if (shared != null && shared != volumes.require(name).access().shared()) {
            attachments.whileFree(
                    name, () -> registry.exclusively(() -> change(volumes.require(name), a -> a.sharing(shared))));
        }
        return registry.exclusively(
                () -> change(volumes.require(name), access -> access.inGroup(group == null ? access.group() : group)));
    }

    /** Saved first: a state that hosts have seen is not another one after a restart. */
    private List<PathInfo> change(VnvmeRecord vnvme, UnaryOperator<Access> how) {
        VnvmeRecord changed = vnvme.withAccess(how.apply(vnvme.access()));
        registry.update(state -> state.with(changed));
        volumes.exports().find(vnvme.name()).ifPresent(export -> export.access(changed.access()));
        return infos(changed);
    }

    private void checkPath(VnvmeRecord vnvme, @Nullable String path) {
        if (Access.PCI.equals(path)) {
            if (!vnvme.access().shared()) {
                throw new ProblemException(
                        ProblemCode.UNKNOWN_PATH,
                        "%s is not shared: pci is the only path that its VM has; 'vnvme path share %1$s on' lets hosts have it too"
                                .formatted(vnvme.name()));
            }
        } else if (path == null || !ports(vnvme.access()).contains(path)) {
            throw new ProblemException(
                    ProblemCode.UNKNOWN_PATH,
                    "%s has no path '%s': it has %s"
                            .formatted(
                                    vnvme.name(),
                                    path == null ? "" : path,
                                    infos(vnvme).stream().map(PathInfo::name).collect(Collectors.joining(", "))));
        }
    }

    private static String checkedState(@Nullable String state) {
        return AnaState.of(state == null ? "" : state)
                .map(AnaState::word)
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.BAD_REQUEST,
                        "'%s' is no state of a path: it is %s"
                                .formatted(
                                        state == null ? "" : state,
                                        Arrays.stream(AnaState.values())
                                                .map(AnaState::word)
                                                .collect(Collectors.joining(", ")))));
    }

    private static int checkedGroup(@Nullable Integer group) {
        if (group == null || group < 1 || group > NamespaceAccess.GROUP_MAX) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "an ANA group is 1 to %d, not %s".formatted(NamespaceAccess.GROUP_MAX, String.valueOf(group)));
        }
        return group;
    }
}
