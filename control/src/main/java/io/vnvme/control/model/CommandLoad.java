package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * Commands of one kind that ended in an interval. Latencies are those of the daemon, in microseconds: from the look that
 * found the command in its queue to the end of the pass that completed it, rounded up by at most a sixteenth; 0 without
 * commands.
 *
 * @param iops commands a second
 * @param bytesPerSecond what they moved
 * @param meanUs mean latency
 * @param p50Us what half of them did not exceed
 * @param p99Us what 99 of 100 did not exceed
 * @param p999Us what 999 of 1000 did not exceed
 */
@Json
public record CommandLoad(
        double iops, double bytesPerSecond, double meanUs, double p50Us, double p99Us, double p999Us) {}
