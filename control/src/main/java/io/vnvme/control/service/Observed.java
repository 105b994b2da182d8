package io.vnvme.control.service;

import io.vnvme.control.job.Jobs;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.PoolInfo;
import io.vnvme.control.model.ReactorInfo;
import io.vnvme.control.plane.DriveErrors;
import io.vnvme.control.plane.ExportCounters;
import io.vnvme.control.plane.ReactorCounters;
import io.vnvme.control.plane.RemoteFacts;
import io.vnvme.control.plane.TcpCounters;
import io.vnvme.control.plane.VolumeMove;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that is counted, as it was at one look.
 *
 * @param vnvmes in the order of creation
 * @param pools those that are not exported
 * @param drives those that are claimed
 * @param jobs those that are known
 * @param endedJobs how many have ended how
 * @param events how often each kind has happened
 * @param reactorCounters by reactor's name
 * @param tcp what came over NVMe/TCP
 * @param moves of vNVMes that are on their way to another pool, by their names
 */
public record Observed(
        String version,
        List<Vnvme> vnvmes,
        List<PoolInfo> pools,
        List<Drive> drives,
        List<JobInfo> jobs,
        Map<Jobs.Ended, Long> endedJobs,
        Map<EventKind, Long> events,
        List<ReactorInfo> reactors,
        Map<String, ReactorCounters> reactorCounters,
        TcpCounters tcp,
        Map<String, VolumeMove.State> moves) {
    /** @param connections clients of its socket */
    public record Vnvme(String name, long sizeBytes, int connections, ExportCounters counters) {}

    /**
     * @param up whether it works
     * @param remote how it is reached, of one that is remote
     */
    public record Drive(String name, long sizeBytes, boolean up, DriveErrors errors, Optional<RemoteFacts> remote) {}
}
