package io.vnvme.control.service;

import io.vnvme.control.model.ChangeLimits;
import io.vnvme.control.model.ChangeQos;
import io.vnvme.control.model.CreateGroup;
import io.vnvme.control.model.GroupInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.Qos;
import io.vnvme.control.model.QosLimits;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.store.GroupRecord;
import io.vnvme.control.store.State;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.qos.Limits;
import io.vnvme.qos.Share;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Quality of service: groups of vNVMes, and what each vNVMe and each group may do. */
public final class Groups {
    private static final Logger LOG = System.getLogger(Groups.class.getName());

    /** What stands for no group on the command line. */
    private static final String NOBODYS = "none";

    private final Registry registry;
    private final DataPlane dataPlane;
    private final Volumes volumes;

    Groups(Registry registry, DataPlane dataPlane, Volumes volumes) {
        this.registry = registry;
        this.dataPlane = dataPlane;
        this.volumes = volumes;
    }

    /** Makes the data plane know the groups of the state, before there is a vNVMe. */
    void open() {
        registry.state().groups().forEach(group -> dataPlane.group(group.name(), group.limits()));
    }

    public List<GroupInfo> list() {
        State state = registry.state();
        return state.groups().stream().map(group -> info(state, group)).toList();
    }

    /** @throws ProblemException when there is none of that name */
    public GroupInfo show(String name) {
        State state = registry.state();
        return info(state, require(state, name));
    }

    private static GroupInfo info(State state, GroupRecord group) {
        return new GroupInfo(
                group.name(),
                group.limits(),
                state.vnvmesOf(group.name()).stream().map(VnvmeRecord::name).toList());
    }

    private static GroupRecord require(State state, String name) {
        return state.group(name)
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.UNKNOWN_GROUP,
                        "no group %s: see 'vnvme group ls', or make it with 'vnvme group create %s'"
                                .formatted(name, name)));
    }

    public GroupInfo create(CreateGroup request) {
        String name = Names.checked(request.name());
        if (name.equals(NOBODYS)) {
            throw new ProblemException(ProblemCode.BAD_NAME, "'none' means no group: choose another name");
        }
        GroupRecord group = new GroupRecord(name, checked(QosLimits.NONE.with(request.limits())));
        return registry.exclusively(() -> {
            if (registry.state().group(name).isPresent()) {
                throw new ProblemException(
                        ProblemCode.NAME_TAKEN, "there is a group %s already: choose another name".formatted(name));
            }
            return save(group);
        });
    }

    /** Changes a group's limits, also while its members are in use. */
    public GroupInfo change(String name, ChangeLimits change) {
        return registry.exclusively(() -> {
            GroupRecord group = require(registry.state(), name);
            return save(new GroupRecord(name, checked(group.limits().with(change))));
        });
    }

    private GroupInfo save(GroupRecord group) {
        registry.update(state -> state.with(group));
        dataPlane.group(group.name(), group.limits());
        LOG.log(Level.INFO, "group {0}: {1}", group.name(), group.limits());
        return show(group.name());
    }

    /** Removes a group that no vNVMe is in. */
    public GroupInfo remove(String name) {
        return registry.exclusively(() -> {
            GroupInfo info = show(name);
            if (!info.members().isEmpty()) {
                throw new ProblemException(
                        ProblemCode.GROUP_IN_USE,
                        "group %s has %s: take them out first with 'vnvme qos NAME --group none'"
                                .formatted(name, String.join(", ", info.members())));
            }
            registry.update(state -> state.withoutGroup(name));
            dataPlane.removeGroup(name);
            return info;
        });
    }

    /** @throws ProblemException when there is no such vNVMe */
    public Qos of(String vnvme) {
        return volumes.require(vnvme).qos();
    }

    /** Changes what a vNVMe may do, also while it is in use. */
    public Qos change(String vnvme, ChangeQos change) {
        return registry.exclusively(() -> {
            VnvmeRecord record = volumes.require(vnvme);
            Qos qos = checked(registry.state(), record.qos().with(change));
            registry.update(state -> state.with(record.withQos(qos)));
            volumes.exports().find(vnvme).ifPresent(export -> export.qos(qos));
            LOG.log(Level.INFO, "vNVMe {0}: {1}", vnvme, qos);
            return qos;
        });
    }

    /** What a new vNVMe asks for. @throws ProblemException when it makes no sense */
    static Qos checked(State state, @Nullable ChangeQos asked) {
        return asked == null ? Qos.NONE : checked(state, Qos.NONE.with(asked));
    }

    /** What was checked some time ago: without its group, if that was removed meanwhile. */
    static Qos still(State state, Qos qos) {
        String group = qos.group();
        return group == null || state.group(group).isPresent() ? qos : new Qos(qos.limits(), qos.weight(), null);
    }

    private static Qos checked(State state, Qos qos) {
        checked(qos.limits());
        if (qos.weight() < 1 || qos.weight() > Share.WEIGHT_MAX) {
            throw new ProblemException(
                    ProblemCode.BAD_LIMIT,
                    "a weight of %d: it is 1 to %d, and 100 unless it is set"
                            .formatted(qos.weight(), Share.WEIGHT_MAX));
        }
        if (qos.group() != null) {
            require(state, qos.group());
        }
        return qos;
    }

    private static QosLimits checked(QosLimits limits) {
        Map<String, Long> rates = new TreeMap<>(Map.of(
                "read IOPS", limits.readIops(),
                "write IOPS", limits.writeIops(),
                "IOPS", limits.iops(),
                "bytes read", limits.readBytes(),
                "bytes written", limits.writeBytes(),
                "bytes", limits.bytes()));
        rates.forEach((what, rate) -> {
            if (rate < 0 || rate > Limits.RATE_MAX) {
                throw new ProblemException(
                        ProblemCode.BAD_LIMIT,
                        "a limit of %d %s a second: it is 1 to %d, or 0 for none"
                                .formatted(rate, what, Limits.RATE_MAX));
            }
        });
        if (limits.burstSeconds() < 0 || limits.burstSeconds() > Limits.BURST_SECONDS_MAX) {
            throw new ProblemException(
                    ProblemCode.BAD_LIMIT,
                    "a burst of %d seconds: it is 0 to %d".formatted(limits.burstSeconds(), Limits.BURST_SECONDS_MAX));
        }
        return limits;
    }
}
