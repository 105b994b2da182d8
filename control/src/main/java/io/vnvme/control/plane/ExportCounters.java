package io.vnvme.control.plane;

import io.vnvme.telemetry.LatencyCounts;

/**
 * What guests did with a vNVMe since it is served.
 *
 * @param reads reads that ended, and how long they took
 * @param writes writes, likewise
 * @param others flushes and all others
 * @param readBytes moved by reads
 * @param writtenBytes moved by writes
 * @param inFlight commands that have not ended
 */
public record ExportCounters(
        LatencyCounts reads,
        LatencyCounts writes,
        LatencyCounts others,
        long readBytes,
        long writtenBytes,
        int inFlight) {
    /** Of a vNVMe that nobody has used. */
    public static final ExportCounters NONE =
            new ExportCounters(LatencyCounts.NONE, LatencyCounts.NONE, LatencyCounts.NONE, 0, 0, 0);
}
