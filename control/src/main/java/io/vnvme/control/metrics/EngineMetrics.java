package io.vnvme.control.metrics;

import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.PoolInfo;
import io.vnvme.control.model.ReactorInfo;
import io.vnvme.control.model.RemotePathInfo;
import io.vnvme.control.plane.ReactorCounters;
import io.vnvme.control.plane.RemoteFacts;
import io.vnvme.control.plane.VolumeMove;
import io.vnvme.control.service.Observed;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Shows what was observed as metrics. Remembers which names are shown. */
final class EngineMetrics {
    /** About 75 lines each. */
    static final int VNVMES_MAX = 64;
    /** About 15 lines each. */
    static final int POOLS_MAX = 64;

    static final int DRIVES_MAX = 256;
    private static final int JOBS_MAX = 64;
    private static final double NS_A_SECOND = 1e9;
    private static final List<String> POOL_STATES = List.of("online", "degraded", "full", "read-only", "unavailable");

    private final Bounded vnvmes = new Bounded(VNVMES_MAX);
    private final Bounded pools = new Bounded(POOLS_MAX);
    private final Bounded drives = new Bounded(DRIVES_MAX);

    void collect(Observed observed, Families to) {
        to.add(Metric.BUILD, 1, observed.version());
        vnvmes(observed.vnvmes(), to);
        reactors(observed, to);
        pools(observed.pools(), to);
        drives(observed.drives(), to);
        jobs(observed, to);
        moves(observed.moves(), to);
        to.add(Metric.TCP_HOSTS, observed.tcp().hosts());
        to.add(Metric.TCP_REFUSALS, observed.tcp().refusals());
        to.add(Metric.TCP_DROPS, observed.tcp().drops());
        observed.events()
                .forEach((kind, count) -> to.add(
                        Metric.EVENTS, count, kind.text(), kind.severity().text()));
    }

    private void moves(Map<String, VolumeMove.State> all, Families to) {
        all.forEach((name, state) -> {
            String label = vnvmes.label(name);
            to.add(Metric.MOVE_DIRTY, state.dirtyBytes(), label);
            to.add(Metric.MOVE_SLOWED, state.slowed() ? 1 : 0, label);
        });
    }

    private void vnvmes(List<Observed.Vnvme> all, Families to) {
        to.add(Metric.VNVMES, all.size());
        Map<String, long[]> rows = new LinkedHashMap<>();
        all.forEach(v -> rows.put(v.name(), VnvmeCounts.of(v.counters())));
        vnvmes.of(rows).forEach((name, row) -> VnvmeCounts.add(to, name, row));
        for (Observed.Vnvme vnvme : all) {
            String label = vnvmes.label(vnvme.name());
            to.add(Metric.SIZE, vnvme.sizeBytes(), label);
            to.add(Metric.CONNECTED, vnvme.connections(), label);
            to.add(Metric.IN_FLIGHT, vnvme.counters().inFlight(), label);
        }
    }

    private static void reactors(Observed observed, Families to) {
        for (ReactorInfo reactor : observed.reactors()) {
            String name = reactor.name();
            to.add(Metric.REACTOR_SECONDS, reactor.busyNs() / NS_A_SECOND, name, "busy");
            to.add(Metric.REACTOR_SECONDS, reactor.idleNs() / NS_A_SECOND, name, "idle");
            to.add(Metric.REACTOR_SECONDS, reactor.asleepNs() / NS_A_SECOND, name, "asleep");
            ReactorCounters counters = observed.reactorCounters().getOrDefault(name, ReactorCounters.NONE);
            to.add(Metric.REACTOR_OPERATIONS, counters.reads(), name, "read");
            to.add(Metric.REACTOR_OPERATIONS, counters.writes(), name, "write");
            to.add(Metric.REACTOR_OPERATIONS, counters.others(), name, "other");
            to.add(Metric.REACTOR_BYTES, counters.readBytes(), name, "read");
            to.add(Metric.REACTOR_BYTES, counters.writtenBytes(), name, "write");
            to.add(Metric.REACTOR_ERRORS, counters.errors(), name);
        }
    }

    private void pools(List<PoolInfo> all, Families to) {
        Map<String, long[]> names = new LinkedHashMap<>();
        all.forEach(p -> names.put(p.name(), new long[0]));
        pools.of(names);
        for (PoolInfo pool : all) {
            String label = pools.label(pool.name());
            to.add(Metric.POOL_SIZE, pool.sizeBytes(), label);
            to.add(Metric.POOL_USED, pool.usedBytes(), label);
            to.add(Metric.POOL_FREE, pool.freeBytes(), label);
            to.add(Metric.POOL_METADATA, pool.metadataBytes(), label);
            to.add(Metric.POOL_PROVISIONED, pool.provisionedBytes(), label);
            to.add(Metric.POOL_LAYERS, pool.volumeCount(), label, "volume");
            to.add(Metric.POOL_LAYERS, pool.snapshotCount(), label, "snapshot");
            to.add(Metric.POOL_HELD, pool.heldWriteCount(), label);
            POOL_STATES.forEach(s -> to.add(Metric.POOL_STATE, s.equals(pool.state()) ? 1 : 0, label, s));
        }
    }

    private void drives(List<Observed.Drive> all, Families to) {
        Map<String, long[]> rows = new LinkedHashMap<>();
        all.forEach(d ->
                rows.put(d.name(), new long[] {d.errors().reads(), d.errors().writes()}));
        drives.of(rows).forEach((name, row) -> {
            to.add(Metric.DRIVE_ERRORS, row[0], name, "read");
            to.add(Metric.DRIVE_ERRORS, row[1], name, "write");
        });
        for (Observed.Drive drive : all) {
            String label = drives.label(drive.name());
            to.add(Metric.DRIVE_UP, drive.up() ? 1 : 0, label);
            to.add(Metric.DRIVE_SIZE, drive.sizeBytes(), label);
            drive.remote().ifPresent(remote -> remote(remote, label, to));
        }
    }

    private static void remote(RemoteFacts remote, String drive, Families to) {
        to.add(Metric.DRIVE_RESENT, remote.resent(), drive);
        to.add(Metric.DRIVE_TIMEOUTS, remote.timeouts(), drive);
        to.add(Metric.DRIVE_HELD, remote.held(), drive);
        for (RemotePathInfo path : remote.paths()) {
            to.add(Metric.DRIVE_PATH_UP, path.state().equals("live") ? 1 : 0, drive, path.address());
            to.add(Metric.DRIVE_PATH_LOSSES, path.losses(), drive, path.address());
        }
    }

    private static void jobs(Observed observed, Families to) {
        List<JobInfo> running = observed.jobs().stream()
                .filter(j -> j.state().equals("running"))
                .toList();
        running.forEach(j -> to.add(Metric.JOBS, 1, j.kind()));
        running.stream().limit(JOBS_MAX).forEach(j -> to.add(Metric.JOB_PROGRESS, j.progress(), j.kind(), j.subject()));
        observed.endedJobs().forEach((how, count) -> to.add(Metric.JOBS_ENDED, count, how.kind(), how.state()));
    }
}
