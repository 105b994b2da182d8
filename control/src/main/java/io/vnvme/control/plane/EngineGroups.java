package io.vnvme.control.plane;

import io.vnvme.control.model.Qos;
import io.vnvme.control.model.QosLimits;
import io.vnvme.qos.Group;
import io.vnvme.qos.Limits;
import io.vnvme.qos.Share;
import io.vnvme.qos.SharedLimits;
import io.vnvme.reactor.Home;
import org.jspecify.annotations.Nullable;

/**
 * The groups that the reactors know: each has its part of every one, since members may be anywhere. Called on any thread,
 * carried out by the reactors.
 */
final class EngineGroups {
    private final Reactors reactors;

    EngineGroups(Reactors reactors) {
        this.reactors = reactors;
    }

    void group(String name, QosLimits limits) {
        if (reactors.all().size() == 1) {
            EngineReactor only = reactors.all().getFirst();
            only.reactor().call(() -> {
                Group known = only.groups().get(name);
                if (known == null) {
                    only.groups().put(name, only.scheduler().group(limits(limits)));
                } else {
                    known.limits(limits(limits));
                }
                return true;
            });
            return;
        }
        SharedLimits shared = new SharedLimits(limits(limits), reactors.all().size());
        for (EngineReactor reactor : reactors.all()) {
            reactor.reactor().call(() -> {
                Group known = reactor.groups().get(name);
                if (known == null) {
                    reactor.groups().put(name, reactor.scheduler().group(shared));
                } else {
                    known.limits(shared);
                }
                return true;
            });
        }
    }

    void remove(String name) {
        reactors.all().forEach(r -> r.reactor().call(() -> r.groups().remove(name) != null));
    }

    /** On the home's reactor: a new vNVMe's. */
    Share share(Home home, Qos qos) {
        EngineReactor at = reactors.of(home);
        Share share = at.scheduler().share();
        share.set(limits(qos.limits()), qos.weight(), find(at, qos));
        return share;
    }

    /** On the home's reactor. */
    void set(Share share, Home home, Qos qos) {
        share.set(limits(qos.limits()), qos.weight(), find(reactors.of(home), qos));
    }

    /** On the home's reactor, which it has come to. */
    void enter(Share share, Home home, Qos qos) {
        EngineReactor at = reactors.of(home);
        share.enter(at.scheduler(), find(at, qos));
    }

    private static @Nullable Group find(EngineReactor at, Qos qos) {
        String name = qos.group();
        if (name == null) {
            return null;
        }
        Group group = at.groups().get(name);
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
