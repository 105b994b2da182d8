package io.vnvme.control.plane;

import io.vnvme.qos.WaitCause;
import io.vnvme.telemetry.LatencyCounts;
import java.util.List;

/**
 * What guests did with a vNVMe since it is served.
 *
 * @param reads reads that ended, and how long they took
 * @param writes writes, likewise
 * @param others flushes and all others
 * @param readBytes moved by reads
 * @param writtenBytes moved by writes
 * @param inFlight commands that have not ended
 * @param errors commands that ended with an error
 * @param mediaErrors of those, the ones that drives or checksums are to blame for
 * @param waits what commands had to wait for, each cause at most once
 */
public record ExportCounters(
        LatencyCounts reads,
        LatencyCounts writes,
        LatencyCounts others,
        long readBytes,
        long writtenBytes,
        int inFlight,
        long errors,
        long mediaErrors,
        List<Wait> waits) {
    /** Of a vNVMe that nobody has used. */
    public static final ExportCounters NONE =
            new ExportCounters(LatencyCounts.NONE, LatencyCounts.NONE, LatencyCounts.NONE, 0, 0, 0, 0, 0, List.of());

    /**
     * @param count commands that had to wait; stalls for a slow drive
     * @param ns for how long some had to
     */
    public record Wait(WaitCause cause, long count, long ns) {}
}
