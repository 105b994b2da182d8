package io.vnvme.pool;

import io.vnvme.drive.Drive;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.format.SetRecord;
import io.vnvme.pool.mirror.MirrorImage;
import io.vnvme.pool.mirror.MirrorListener;
import io.vnvme.pool.mirror.MirrorSet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The drives of a pool put together as a {@link Pool} takes them: sets by index, and every drive by itself.
 *
 * @param sets null for a set that was taken out
 * @param mirrors the sets of several drives, by index
 */
public record PoolDrives(List<@Nullable Drive> sets, List<PoolMember> members, Map<Integer, MirrorSet> mirrors) {
    /**
     * Puts the drives together.
     *
     * @param drives leads from a drive's identity to the drive as the reactor uses it; asked for those that were found
     * @param listeners makes the listener of the mirror with that set index
     */
    public static PoolDrives of(
            PoolScan scan, PoolImage image, Function<UUID, Drive> drives, IntFunction<MirrorListener> listeners) {
        PoolConfig config = scan.config();
        Map<UUID, Drive> byId = scan.found().keySet().stream().collect(Collectors.toMap(id -> id, drives));
        List<@Nullable Drive> sets = new ArrayList<>();
        for (int set = 0; set < config.sets().size(); set++) {
            List<MemberRecord> replicas = config.membersOf(set);
            MirrorImage found = scan.mirrors().get(set);
            if (found == null) {
                sets.add(
                        replicas.isEmpty() ? null : byId.get(replicas.getFirst().drive()));
                continue;
            }
            SetRecord record = config.sets().get(set);
            List<Optional<Drive>> slots = replicas.stream()
                    .map(replica -> Optional.ofNullable(byId.get(replica.drive())))
                    .toList();
            sets.add(new MirrorSet(
                    "%s.%d".formatted(config.name(), set),
                    found,
                    slots,
                    listeners.apply(set),
                    new ClusterRanges(image.space(), () -> record)));
        }
        List<PoolMember> members = new ArrayList<>();
        for (MemberRecord record : config.members()) {
            PoolScan.Found found = scan.found().get(record.drive());
            Drive drive = byId.get(record.drive());
            if (found != null && drive != null) {
                members.add(new PoolMember(
                        record,
                        found.superblock().driveName(),
                        found.superblock().driveBytes(),
                        drive));
            }
        }
        return new PoolDrives(sets, List.copyOf(members), mirrorsOf(sets));
    }

    private static Map<Integer, MirrorSet> mirrorsOf(List<@Nullable Drive> sets) {
        Map<Integer, MirrorSet> mirrors = new HashMap<>();
        for (int set = 0; set < sets.size(); set++) {
            if (sets.get(set) instanceof MirrorSet mirror) {
                mirrors.put(set, mirror);
            }
        }
        return Map.copyOf(mirrors);
    }

    /**
     * A mirror that is to join a pool by growing it, on the pool's reactor.
     *
     * @param image what {@link PoolFormatter#newMirror} made
     * @param drives as the reactor uses them, in the same order
     */
    public static MirrorSet joining(Pool pool, MirrorImage image, List<Drive> drives, MirrorListener listener) {
        int index = pool.config().sets().size();
        List<Optional<Drive>> slots = drives.stream().map(Optional::of).toList();
        return new MirrorSet(
                "%s.%d".formatted(pool.name(), index),
                image,
                slots,
                listener,
                new ClusterRanges(pool.space(), () -> record(pool, index)));
    }

    /** The set that joins; until it has, nothing of it is in use. */
    private static SetRecord record(Pool pool, int index) {
        List<SetRecord> sets = pool.config().sets();
        return index < sets.size() ? sets.get(index) : new SetRecord(0, 0, Long.MAX_VALUE, false);
    }
}
