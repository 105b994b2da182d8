package io.vnvme.control.service;

import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.store.ClaimedDrive;
import io.vnvme.control.store.PoolRecord;
import io.vnvme.control.store.State;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The pool that a new volume goes to. */
final class PoolChoice {
    private final Registry registry;
    private final OpenPools open;
    private final OpenDrives drives;
    private final Pools pools;
    private final DrainTargets drains;

    PoolChoice(Registry registry, OpenPools open, OpenDrives drives, Pools pools, DrainTargets drains) {
        this.drains = drains;
        this.registry = registry;
        this.open = open;
        this.drives = drives;
        this.pools = pools;
    }

    /**
     * @param made it did not exist before
     * @param words what to say about that
     */
    record Chosen(String name, boolean made, List<String> words) {}

    /**
     * The named pool; else the one with the most free space; else, when there is none at all, a new one of all claimed drives.
     * Both of those that keep their content over a restart, when there are such, else of those that keep it until then.
     *
     * @throws ProblemException when there is none, or it is not in use
     */
    Chosen choose(@Nullable String wanted) {
        if (wanted != null) {
            open.require(wanted);
            return new Chosen(wanted, false, List.of());
        }
        State state = registry.state();
        Optional<String> roomiest = roomiest(state);
        if (roomiest.isPresent()) {
            return new Chosen(roomiest.get(), false, List.of());
        }
        if (!state.pools().isEmpty()) {
            throw new ProblemException(
                    ProblemCode.POOL_UNAVAILABLE,
                    open.failures().stream()
                            .findFirst()
                            .orElse("no pool takes a new volume: they are not open yet, read-only or being drained"));
        }
        List<ClaimedDrive> usable = state.drives().stream()
                .filter(d -> drives.isOpen(d.name()) && drives.failure(d.name()).isEmpty())
                .toList();
        if (usable.isEmpty()) {
            throw new ProblemException(
                    ProblemCode.NO_DRIVE,
                    "no drive is claimed: see 'vnvme drive ls' and take one with 'vnvme drive claim SPEC'");
        }
        List<String> members = names(usable.stream().filter(d -> !d.inMemory()));
        if (members.isEmpty()) {
            boolean ram = usable.stream().anyMatch(d -> !d.isNull());
            members = names(usable.stream().filter(d -> d.isNull() != ram));
        }
        String name = Names.free(
                "pool0", n -> state.exported().stream().anyMatch(p -> p.name().equals(n)));
        pools.create(new CreatePool(name, members, null));
        return new Chosen(
                name,
                true,
                List.of("made pool %s of drive%s %s"
                        .formatted(name, members.size() == 1 ? "" : "s", String.join(", ", members))));
    }

    private Optional<String> roomiest(State state) {
        return state.pools().stream()
                .filter(record -> open.find(record.name())
                        .filter(pool -> pool.facts().doubt().isEmpty())
                        .isPresent())
                .filter(record -> !drains.drained(record.uuid()))
                .max(Comparator.comparingInt((PoolRecord record) -> lasting(record, state))
                        .thenComparingLong(
                                record -> open.require(record.name()).facts().freeBytes()))
                .map(PoolRecord::name);
    }

    /** More for a pool that keeps for longer what is in it. */
    private static int lasting(PoolRecord record, State state) {
        return PoolLayout.isNull(record, state) ? 0 : PoolLayout.inMemory(record, state) ? 1 : 2;
    }

    private static List<String> names(Stream<ClaimedDrive> drives) {
        return drives.map(ClaimedDrive::name).toList();
    }

    /** A pool that was made for a volume that could not be is taken back. */
    void undo(Chosen chosen) {
        if (chosen.made()) {
            pools.destroy(chosen.name(), false);
        }
    }
}
