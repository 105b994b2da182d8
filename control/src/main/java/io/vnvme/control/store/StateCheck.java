package io.vnvme.control.store;

import io.vnvme.control.model.Qos;
import io.vnvme.control.model.QosLimits;
import io.vnvme.nvme.AnaState;
import io.vnvme.nvme.NamespaceAccess;
import io.vnvme.qos.Limits;
import io.vnvme.qos.Share;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the layout of a state cannot say: every field there, names unique, and everything in something that is there. */
final class StateCheck {
    private static final Set<String> DOORBELLS = Set.of("auto", "mapped", "trapped");

    private StateCheck() {}

    /** @throws IllegalArgumentException that says what makes no sense */
    static void check(State state) {
        Set<String> drives = new HashSet<>();
        for (ClaimedDrive drive : state.drives()) {
            require(
                    present(drive.name()) && present(drive.kind()) && drive.sizeBytes() > 0,
                    "a drive without name, kind or size");
            require(uuid(drive.uuid()), drive.name() + " has no identity");
            require(drive.inMemory() || present(drive.path()), drive.name() + " has a path that is none");
            require(drives.add(drive.name()) && drives.add(drive.uuid()), "two drives " + drive.name());
        }
        Set<String> pools = new HashSet<>();
        Set<String> taken = new HashSet<>();
        for (PoolRecord pool : state.pools()) {
            require(
                    present(pool.name()) && uuid(pool.uuid()) && present(pool.layout()),
                    "a pool without name, identity or layout");
            require(pools.add(pool.name()) && pools.add(pool.uuid()), "two pools " + pool.name());
            require(!pool.drives().isEmpty(), "pool " + pool.name() + " has no drives");
            for (String drive : pool.drives()) {
                require(state.drive(drive).isPresent(), "pool %s has no drive %s".formatted(pool.name(), drive));
                require(taken.add(drive), "drive %s is in two pools".formatted(drive));
            }
        }
        Set<String> groups = new HashSet<>();
        for (GroupRecord group : state.groups()) {
            require(present(group.name()) && groups.add(group.name()), "a group without name, or two " + group.name());
            require(limits(group.limits()), "group %s has limits that are none".formatted(group.name()));
        }
        Set<String> names = new HashSet<>();
        for (VnvmeRecord vnvme : state.vnvmes()) {
            require(
                    present(vnvme.name()) && names.add(vnvme.name()),
                    "a vNVMe without name, or two named " + vnvme.name());
            require(
                    uuid(vnvme.uuid())
                            && present(vnvme.nguid())
                            && present(vnvme.eui64())
                            && present(vnvme.nqn())
                            && present(vnvme.serial())
                            && vnvme.nsid() > 0,
                    vnvme.name() + " lacks an identifier");
            require(vnvme.sizeBytes() > 0, vnvme.name() + " has no size");
            require(path(vnvme.keyFile()), vnvme.name() + " has a key file whose path is none");
            require(
                    vnvme.doorbells() == null || DOORBELLS.contains(vnvme.doorbells()),
                    vnvme.name() + " has doorbells of no known kind");
            require(
                    vnvme.hosts().stream().allMatch(HostNqn::valid)
                            && Set.copyOf(vnvme.hosts()).size() == vnvme.hosts().size(),
                    vnvme.name() + " allows hosts that are none");
            require(access(vnvme.access()), vnvme.name() + " is reached in a way that is none");
            require(state.pool(vnvme.pool()).isPresent(), vnvme.name() + " lies in no pool that is there");
            Qos qos = vnvme.qos();
            require(
                    qos != null && limits(qos.limits()) && qos.weight() >= 1 && qos.weight() <= Share.WEIGHT_MAX,
                    vnvme.name() + " has limits or a weight that are none");
            require(
                    qos.group() == null || groups.contains(qos.group()),
                    vnvme.name() + " is in no group that is there");
        }
    }

    // A record read from JSON may hold null where the text had no such field.
    private static boolean present(@Nullable String text) {
        return text != null && !text.isBlank() && path(text);
    }

    /** What no file can be called: a path ends at a zero. Nothing at all is allowed. */
    private static boolean path(@Nullable String text) {
        return text == null || text.indexOf('\0') < 0;
    }

    private static boolean access(Access access) {
        return access.group() >= 1
                && access.group() <= NamespaceAccess.GROUP_MAX
                && access.states().values().stream()
                        .allMatch(word -> AnaState.of(word).isPresent());
    }

    private static boolean limits(@Nullable QosLimits limits) {
        return limits != null
                && rate(limits.readIops())
                && rate(limits.writeIops())
                && rate(limits.iops())
                && rate(limits.readBytes())
                && rate(limits.writeBytes())
                && rate(limits.bytes())
                && limits.burstSeconds() >= 0
                && limits.burstSeconds() <= Limits.BURST_SECONDS_MAX;
    }

    private static boolean rate(long rate) {
        return rate >= 0 && rate <= Limits.RATE_MAX;
    }

    private static boolean uuid(@Nullable String text) {
        return text != null && text.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    }

    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new IllegalArgumentException(what);
        }
    }
}
