package io.vnvme.bench.report;

import io.avaje.jsonb.Json;
import io.vnvme.bench.load.Workload;

/**
 * One line of measurement: the median of its repeats.
 *
 * @param iops operations of 4 KiB a second
 * @param iopsLow the slowest repeat
 * @param iopsHigh the fastest repeat
 * @param p50Us median latency in microseconds
 * @param p99Us latency that 99 of 100 operations did not exceed, in microseconds
 * @param cpuUsPerIo processor time in microseconds that the host spent on one operation;
 *     {@link Results#cpuCounted} says whose
 */
@Json(naming = Json.Naming.LowerUnderscore)
public record Figure(
        Where where,
        Way way,
        Workload workload,
        int repeats,
        double iops,
        double iopsLow,
        double iopsHigh,
        double p50Us,
        double p99Us,
        double cpuUsPerIo) {}
