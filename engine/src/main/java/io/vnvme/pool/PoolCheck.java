package io.vnvme.pool;

import io.vnvme.pool.format.Geometry;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a pool that is not in use, changes nothing, and says what is wrong with it.
 *
 * @param problems what is wrong, a line each; none: the pool is sound
 * @param remarks what does no harm
 * @param volumes volumes and snapshots found
 * @param usedBytes space that is in use
 * @param totalBytes space that there is
 */
public record PoolCheck(List<String> problems, List<String> remarks, int volumes, long usedBytes, long totalBytes) {
    /** True when nothing is wrong. */
    public boolean sound() {
        return problems.isEmpty();
    }

    /** Checks superblocks, catalog, maps, journal, and that every cluster belongs to one. */
    public static PoolCheck run(PoolScan scan) {
        List<String> problems = new ArrayList<>();
        List<String> remarks = new ArrayList<>(scan.findings());
        scan.missing().forEach(member -> problems.add("drive %s is missing".formatted(member.drive())));
        PoolImage image;
        try {
            image = PoolLoader.check(scan, problems::add);
        } catch (PoolException e) {
            if (!problems.contains(e.getMessage())) {
                problems.add(String.valueOf(e.getMessage()));
            }
            return new PoolCheck(problems, remarks, 0, 0, 0);
        }
        if (!image.clean()) {
            remarks.add(
                    "the pool was not closed: the journal was replayed in memory, the next import does it for good");
        }
        int named = 0;
        for (Layer layer : image.layers().all()) {
            named += layer.hidden() ? 0 : 1;
        }
        long total = image.space().totalCount();
        PoolCheck check = new PoolCheck(
                List.copyOf(problems),
                List.copyOf(remarks),
                named,
                image.space().usedCount() << Geometry.CLUSTER_SHIFT,
                total << Geometry.CLUSTER_SHIFT);
        image.discard();
        return check;
    }
}
