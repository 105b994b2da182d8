package io.vnvme.control.service;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.PoolPlan;
import io.vnvme.control.store.ClaimedDrive;
import io.vnvme.control.store.PoolRecord;
import io.vnvme.control.store.State;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Which drives make which set of a pool. */
final class PoolLayout {
    private static final int DRIVES_MAX = 32;

    private PoolLayout() {}

    /** @throws ProblemException when these drives cannot be laid out like that */
    static List<List<String>> sets(String layout, List<String> drives) {
        if (drives.isEmpty()) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "no drive named: a pool has at least one");
        }
        if (new HashSet<>(drives).size() < drives.size()) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "a drive is named twice: name each once");
        }
        if (drives.size() > DRIVES_MAX) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST, "%d drives: a pool has at most %d".formatted(drives.size(), DRIVES_MAX));
        }
        return switch (layout) {
            case PoolPlan.CONCAT -> inSetsOf(1, drives);
            case PoolPlan.STRIPE -> {
                if (drives.size() < 2) {
                    throw new ProblemException(
                            ProblemCode.BAD_REQUEST, "a stripe over one drive: name at least two, or use concat");
                }
                yield inSetsOf(1, drives);
            }
            case PoolPlan.MIRROR -> {
                if (drives.size() < 2 || drives.size() > 3 && drives.size() % 2 != 0) {
                    throw new ProblemException(
                            ProblemCode.BAD_REQUEST,
                            "a mirror of %d drives: name two or three for one mirror, or pairs for several"
                                    .formatted(drives.size()));
                }
                yield inSetsOf(drives.size() <= 3 ? drives.size() : 2, drives);
            }
            default ->
                throw new ProblemException(
                        ProblemCode.BAD_REQUEST, "'%s' is no layout: it is concat, stripe or mirror".formatted(layout));
        };
    }

    /** The sets that a pool gets when it grows: each as large as those it has. */
    static List<List<String>> added(PoolRecord pool, List<String> drives) {
        int perSet = pool.sets().getFirst().size();
        if (drives.isEmpty() || drives.size() % perSet != 0) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "pool %s grows by %s: %d were named"
                            .formatted(
                                    pool.name(),
                                    perSet == 1 ? "one drive or more" : "mirrors of %d drives".formatted(perSet),
                                    drives.size()));
        }
        if (new HashSet<>(drives).size() < drives.size()) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "a drive is named twice: name each once");
        }
        if (pool.drives().size() + drives.size() > DRIVES_MAX) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "pool %s would have more than %d drives".formatted(pool.name(), DRIVES_MAX));
        }
        return inSetsOf(perSet, drives);
    }

    private static List<List<String>> inSetsOf(int size, List<String> drives) {
        List<List<String>> sets = new ArrayList<>();
        for (int i = 0; i < drives.size(); i += size) {
            sets.add(List.copyOf(drives.subList(i, i + size)));
        }
        return sets;
    }

    /** A pool that is partly in RAM would be lost as a whole with the daemon; one with a null drive keeps nothing at all. */
    static void checkKinds(String pool, List<String> drives, State state) {
        Map<Boolean, List<String>> byKind = drives.stream()
                .collect(Collectors.partitioningBy(
                        d -> state.drive(d).filter(ClaimedDrive::inMemory).isPresent()));
        List<String> ram = byKind.getOrDefault(true, List.of());
        if (!ram.isEmpty() && ram.size() < drives.size()) {
            throw new ProblemException(
                    ProblemCode.POOL_REFUSED,
                    "pool %s would be partly in RAM (%s) and be lost with the daemon: use one kind"
                            .formatted(pool, String.join(", ", ram)));
        }
        List<String> none = drives.stream()
                .filter(d -> state.drive(d).filter(ClaimedDrive::isNull).isPresent())
                .toList();
        if (!none.isEmpty() && none.size() < drives.size()) {
            throw new ProblemException(
                    ProblemCode.POOL_REFUSED,
                    "pool %s would keep nothing of what lies on %s: use one kind"
                            .formatted(pool, String.join(", ", none)));
        }
    }

    /** Whether it is empty after a restart: its drives are of one kind, see {@link #checkKinds}. */
    static boolean inMemory(PoolRecord pool, State state) {
        return state.drive(pool.drives().getFirst())
                .filter(ClaimedDrive::inMemory)
                .isPresent();
    }

    /** Whether nothing is kept of what is written to it. */
    static boolean isNull(PoolRecord pool, State state) {
        return state.drive(pool.drives().getFirst())
                .filter(ClaimedDrive::isNull)
                .isPresent();
    }

    /** @throws ProblemException when {@code drive} is smaller than those of the mirror that it is to join */
    static void checkLarge(State state, List<String> set, String drive) {
        long neededBytes = set.stream()
                .mapToLong(d -> state.drive(d).map(ClaimedDrive::sizeBytes).orElse(Long.MAX_VALUE))
                .min()
                .orElse(0);
        long hasBytes = state.drive(drive).map(ClaimedDrive::sizeBytes).orElse(0L);
        if (hasBytes < neededBytes) {
            throw new ProblemException(
                    ProblemCode.BAD_SIZE,
                    "drive %s has %s, its mirror needs %s"
                            .formatted(drive, ByteSize.format(hasBytes), ByteSize.format(neededBytes)));
        }
    }

    /** The drives that hold the same as {@code drive}, itself with them. */
    static List<String> setOf(PoolRecord pool, String drive) {
        return pool.sets().stream()
                .filter(set -> set.contains(drive))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("pool %s has no %s".formatted(pool.name(), drive)));
    }

    static PoolRecord replaced(PoolRecord pool, String old, String replacement) {
        return pool.withSets(pool.sets().stream()
                .map(set ->
                        set.stream().map(d -> d.equals(old) ? replacement : d).toList())
                .toList());
    }
}
