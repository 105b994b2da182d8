package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the administrator wants to exist: all that a restarted daemon needs to offer the same again. Unchangeable; each
 * change makes a new one. The pools themselves say what is in them; what is kept of it here is for when they are not there.
 *
 * @param version of this layout, {@link #VERSION}
 * @param drives claimed drives, in the order of claiming
 * @param pools in the order of creation
 * @param vnvmes in the order of creation
 * @param exported pools that were given away
 * @param groups of vNVMes, in the order of creation
 * @param arrived VMs that have come from other daemons, as long as those may ask for them
 */
@Json
public record State(
        int version,
        List<ClaimedDrive> drives,
        List<PoolRecord> pools,
        List<VnvmeRecord> vnvmes,
        List<ExportedPool> exported,
        List<GroupRecord> groups,
        List<ArrivedVm> arrived) {
    /** Counts up with every change that an older daemon would misread. */
    public static final int VERSION = 6;

    static final State EMPTY = new State(VERSION, List.of(), List.of(), List.of(), List.of(), List.of(), List.of());

    public State {
        drives = List.copyOf(drives);
        pools = List.copyOf(pools);
        vnvmes = List.copyOf(vnvmes);
        exported = List.copyOf(exported);
        groups = List.copyOf(groups);
        // States of before migrations have none.
        arrived = List.copyOf(Objects.requireNonNullElse(arrived, List.of()));
    }

    /** The same in today's layout, which only adds to those of versions 3 to 5: hosts that may connect over TCP, paths, and what was given away. */
    State current() {
        return new State(VERSION, drives, pools, vnvmes, exported, groups, arrived);
    }

    public Optional<ClaimedDrive> drive(String name) {
        return find(drives, d -> d.name().equals(name));
    }

    public Optional<ClaimedDrive> driveById(String uuid) {
        return find(drives, d -> d.uuid().equals(uuid));
    }

    public Optional<PoolRecord> pool(String name) {
        return find(pools, p -> p.name().equals(name));
    }

    /** The pool that has {@code drive}. */
    public Optional<PoolRecord> poolOf(String drive) {
        return find(pools, p -> p.drives().contains(drive));
    }

    public Optional<VnvmeRecord> vnvme(String name) {
        return find(vnvmes, v -> v.name().equals(name));
    }

    /** Those that lie in {@code pool}. */
    public List<VnvmeRecord> vnvmesIn(String pool) {
        return vnvmes.stream().filter(v -> v.pool().equals(pool)).toList();
    }

    public Optional<GroupRecord> group(String name) {
        return find(groups, g -> g.name().equals(name));
    }

    /** Those in the group {@code group}. */
    public List<VnvmeRecord> vnvmesOf(String group) {
        return vnvmes.stream().filter(v -> group.equals(v.qos().group())).toList();
    }

    private static <T> Optional<T> find(List<T> list, Predicate<T> condition) {
        return list.stream().filter(condition).findFirst();
    }

    /** With a drive, in the place of the one with its name if there is one. */
    public State with(ClaimedDrive drive) {
        return new State(version, put(drives, ClaimedDrive::name, drive), pools, vnvmes, exported, groups, arrived);
    }

    public State with(PoolRecord pool) {
        return new State(version, drives, put(pools, PoolRecord::name, pool), vnvmes, exported, groups, arrived);
    }

    public State with(VnvmeRecord vnvme) {
        return new State(version, drives, pools, put(vnvmes, VnvmeRecord::name, vnvme), exported, groups, arrived);
    }

    public State with(ExportedPool pool) {
        return new State(version, drives, pools, vnvmes, put(exported, ExportedPool::uuid, pool), groups, arrived);
    }

    public State with(GroupRecord group) {
        return new State(version, drives, pools, vnvmes, exported, put(groups, GroupRecord::name, group), arrived);
    }

    public State with(ArrivedVm vm) {
        return new State(version, drives, pools, vnvmes, exported, groups, put(arrived, ArrivedVm::arrival, vm));
    }

    public Optional<ArrivedVm> arrived(String arrival) {
        return find(arrived, a -> a.arrival().equals(arrival));
    }

    /** One that nobody has let go on yet has been. */
    public State goneOn(String arrival) {
        return arrived(arrival).map(vm -> with(vm.goneOn())).orElse(this);
    }

    public State withoutArrived(String arrival) {
        return new State(
                version,
                drives,
                pools,
                vnvmes,
                exported,
                groups,
                without(arrived, a -> a.arrival().equals(arrival)));
    }

    public State withoutGroup(String name) {
        return new State(
                version,
                drives,
                pools,
                vnvmes,
                exported,
                without(groups, g -> g.name().equals(name)),
                arrived);
    }

    public State withoutDrive(String name) {
        return new State(
                version, without(drives, d -> d.name().equals(name)), pools, vnvmes, exported, groups, arrived);
    }

    public State withoutPool(String name) {
        return new State(
                version, drives, without(pools, p -> p.name().equals(name)), vnvmes, exported, groups, arrived);
    }

    public State withoutVnvme(String name) {
        return new State(
                version, drives, pools, without(vnvmes, v -> v.name().equals(name)), exported, groups, arrived);
    }

    public State withoutExported(String uuid) {
        return new State(
                version, drives, pools, vnvmes, without(exported, p -> p.uuid().equals(uuid)), groups, arrived);
    }

    /** With {@code renamed} in the place of the vNVMe {@code name}. */
    public State renamed(String name, VnvmeRecord renamed) {
        List<VnvmeRecord> all =
                vnvmes.stream().map(v -> v.name().equals(name) ? renamed : v).toList();
        return new State(version, drives, pools, all, exported, groups, arrived);
    }

    private static <T> List<T> put(List<T> list, Function<T, String> key, T element) {
        List<T> changed = new ArrayList<>(list);
        for (int i = 0; i < changed.size(); i++) {
            if (key.apply(changed.get(i)).equals(key.apply(element))) {
                changed.set(i, element);
                return changed;
            }
        }
        changed.add(element);
        return changed;
    }

    private static <T> List<T> without(List<T> list, Predicate<T> condition) {
        return list.stream().filter(condition.negate()).toList();
    }

    /** Of all drives, pools and vNVMes. */
    public Set<String> uuids() {
        return Stream.of(
                        drives.stream().map(ClaimedDrive::uuid),
                        pools.stream().map(PoolRecord::uuid),
                        vnvmes.stream().map(VnvmeRecord::uuid))
                .flatMap(each -> each)
                .collect(Collectors.toSet());
    }
}
