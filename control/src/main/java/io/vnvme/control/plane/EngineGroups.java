package io.vnvme.control.plane;

import io.vnvme.control.model.Qos;
import io.vnvme.control.model.QosLimits;
import io.vnvme.qos.Group;
import io.vnvme.qos.Limits;
import io.vnvme.qos.Scheduler;
import io.vnvme.qos.Share;
import io.vnvme.reactor.Reactor;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The reactor's scheduler, and the groups that are known to it; called on any thread, carried out by the reactor. */
final class EngineGroups {
    private final Reactor reactor;
    private final Scheduler scheduler = new Scheduler();
    /** Of the reactor's thread alone. */
    private final Map<String, Group> groups = new HashMap<>();

    /** Before anything else is polled: who has waited for credit goes first. */
    EngineGroups(Reactor reactor) {
        this.reactor = reactor;
        reactor.call(() -> {
            reactor.add(scheduler);
            return true;
        });
    }

    void group(String name, QosLimits limits) {
        reactor.call(() -> {
            Group known = groups.get(name);
            if (known == null) {
                groups.put(name, scheduler.group(limits(limits)));
            } else {
                known.limits(limits(limits));
            }
            return true;
        });
    }

    void remove(String name) {
        reactor.call(() -> groups.remove(name) != null);
    }

    /** A new vNVMe's. */
    Share share(Qos qos) {
        return reactor.call(() -> {
            Share share = scheduler.share();
            share.set(limits(qos.limits()), qos.weight(), find(qos.group()));
            return share;
        });
    }

    void set(Share share, Qos qos) {
        reactor.call(() -> {
            share.set(limits(qos.limits()), qos.weight(), find(qos.group()));
            return true;
        });
    }

    private @Nullable Group find(@Nullable String name) {
        if (name == null) {
            return null;
        }
        Group group = groups.get(name);
        if (group == null) {
            throw new IllegalStateException("no group " + name);
        }
        return group;
    }

    private static Limits limits(QosLimits limits) {
        return new Limits(
                limits.readIops(),
                limits.writeIops(),
                limits.iops(),
                limits.readBytes(),
                limits.writeBytes(),
                limits.bytes(),
                limits.burstSeconds());
    }
}
