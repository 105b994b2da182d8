package io.vnvme.pool;

import io.vnvme.drive.Drive;
import io.vnvme.pool.format.Geometry;
import io.vnvme.pool.format.MemberRecord;
import io.vnvme.pool.format.PoolConfig;
import io.vnvme.pool.format.SetRecord;
import io.vnvme.pool.mirror.AllocatedRanges;
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
    /** Clusters looked at for content in one pass. */
    private static final int LOOKS_MAX = 1 << 14;
    /** Clusters in one run: more than a step of a copy. */
    private static final int RUN_MAX = 64;

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
            List<Optional<Drive>> slots = replicas.stream()
                    .map(replica -> Optional.ofNullable(byId.get(replica.drive())))
                    .toList();
            sets.add(new MirrorSet(
                    "%s.%d".formatted(config.name(), set),
                    found,
                    slots,
                    listeners.apply(set),
                    allocated(image.space(), config.sets().get(set))));
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

    /** Everything before the first cluster, and the clusters in use. */
    private static AllocatedRanges allocated(ClusterSpace space, SetRecord set) {
        return new AllocatedRanges() {
            @Override
            public long next(long fromBytes) {
                if (fromBytes < set.dataOffsetBytes()) {
                    return fromBytes;
                }
                long index = fromBytes - set.dataOffsetBytes() >>> Geometry.CLUSTER_SHIFT;
                for (long at = index; at < set.clusterCount(); at++) {
                    // Not all of a large empty pool in one pass of the reactor: copying a cluster too much does no
                    // harm.
                    if (space.isUsed(set.firstCluster() + at) || at - index == LOOKS_MAX) {
                        return Math.max(fromBytes, start(at));
                    }
                }
                return Long.MAX_VALUE;
            }

            @Override
            public long end(long fromBytes) {
                if (fromBytes < set.dataOffsetBytes()) {
                    return set.dataOffsetBytes();
                }
                long index = fromBytes - set.dataOffsetBytes() >>> Geometry.CLUSTER_SHIFT;
                long last = Math.min(set.clusterCount(), index + RUN_MAX);
                do {
                    index++;
                } while (index < last && space.isUsed(set.firstCluster() + index));
                return start(index);
            }

            private long start(long index) {
                return set.dataOffsetBytes() + (index << Geometry.CLUSTER_SHIFT);
            }
        };
    }
}
