package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * What a vNVMe did in an interval.
 *
 * @param name its name
 * @param queueDepth commands in the daemon, on average over the interval; those that have not ended count from its end on
 * @param inFlight commands that had not ended at the end of the interval
 * @param total all commands
 * @param reads of those, reads
 * @param writes of those, writes
 * @param others of those, flushes and all others
 */
@Json
public record VnvmeLoad(
        String name,
        double queueDepth,
        int inFlight,
        CommandLoad total,
        CommandLoad reads,
        CommandLoad writes,
        CommandLoad others) {}
