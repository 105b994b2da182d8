package io.vnvme.control.metrics;

import io.vnvme.control.plane.ExportCounters;
import io.vnvme.qos.WaitCause;
import io.vnvme.telemetry.LatencyBuckets;
import io.vnvme.telemetry.LatencyCounts;
import java.util.Arrays;

/** All counters of a vNVMe as numbers in a row, so that those of many can be added up. */
final class VnvmeCounts {
    /** Buckets that tell RAM, flash, disks and waits from each other: 1, 2, 5 a decade in between. */
    static final double[] BOUNDS = {
        2e-6,
        5e-6,
        1e-5,
        2e-5,
        5e-5,
        1e-4,
        2e-4,
        5e-4,
        1e-3,
        2e-3,
        5e-3,
        1e-2,
        2e-2,
        5e-2,
        0.1,
        0.5,
        1,
        10,
        Double.POSITIVE_INFINITY
    };

    /** Kinds of commands as they are in a row. */
    static final String[] OPERATIONS = {"read", "write", "other"};

    private static final double NS_A_SECOND = 1e9;
    /** Of each kind: its buckets, then how long all took together. */
    private static final int KIND = BOUNDS.length + 1;
    /** Behind the kinds: bytes read and written, errors, media errors; then waits and their time by cause. */
    private static final int BYTES = KIND * OPERATIONS.length;

    private static final int ERRORS = BYTES + 2;
    private static final int WAITS = ERRORS + 2;
    private static final WaitCause[] CAUSES = WaitCause.values();

    private VnvmeCounts() {}

    static long[] of(ExportCounters counters) {
        long[] row = new long[WAITS + 2 * CAUSES.length];
        latencies(row, 0, counters.reads());
        latencies(row, KIND, counters.writes());
        latencies(row, 2 * KIND, counters.others());
        row[BYTES] = counters.readBytes();
        row[BYTES + 1] = counters.writtenBytes();
        row[ERRORS] = counters.errors();
        row[ERRORS + 1] = counters.mediaErrors();
        for (ExportCounters.Wait wait : counters.waits()) {
            row[WAITS + 2 * wait.cause().index()] = wait.count();
            row[WAITS + 2 * wait.cause().index() + 1] = wait.ns();
        }
        return row;
    }

    private static void latencies(long[] row, int at, LatencyCounts counts) {
        int bound = 0;
        for (int i = 0; i < LatencyBuckets.COUNT; i++) {
            while (LatencyBuckets.highestNs(i) / NS_A_SECOND > BOUNDS[bound]) {
                bound++;
            }
            row[at + bound] += counts.count(i);
        }
        row[at + BOUNDS.length] = counts.sumNs();
    }

    /** Shows a row under a name. */
    static void add(Families to, String name, long[] row) {
        for (int kind = 0; kind < OPERATIONS.length; kind++) {
            int at = kind * KIND;
            to.histogram(
                    Metric.LATENCY,
                    BOUNDS,
                    Arrays.copyOfRange(row, at, at + BOUNDS.length),
                    row[at + BOUNDS.length] / NS_A_SECOND,
                    name,
                    OPERATIONS[kind]);
        }
        to.add(Metric.BYTES, row[BYTES], name, OPERATIONS[0]);
        to.add(Metric.BYTES, row[BYTES + 1], name, OPERATIONS[1]);
        to.add(Metric.ERRORS, row[ERRORS], name);
        to.add(Metric.MEDIA_ERRORS, row[ERRORS + 1], name);
        for (WaitCause cause : CAUSES) {
            int at = WAITS + 2 * cause.index();
            to.add(Metric.WAITS, row[at], name, cause.word());
            to.add(Metric.WAIT_SECONDS, row[at + 1] / NS_A_SECOND, name, cause.word());
        }
    }
}
