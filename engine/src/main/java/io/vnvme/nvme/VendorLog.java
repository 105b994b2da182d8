package io.vnvme.nvme;

import io.vnvme.qos.WaitCause;
import io.vnvme.telemetry.CommandMeter;
import io.vnvme.telemetry.LatencyBuckets;
import io.vnvme.telemetry.LatencyCounts;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * The vendor specific log page C0h: what the daemon counts about a namespace, for its guest to see - what it did, how long
 * that took, and what limited it. docs/formats/vendor-log.md has the layout.
 */
final class VendorLog {
    static final int SIZE = 1024;
    /** Of the name of a volume, here and in the vendor's part of Identify. */
    static final int NAME_SIZE = 40;

    private static final int VERSION = 1;
    private static final int AT_NAME = 8;
    private static final int AT_COMMANDS = 48;
    private static final int AT_BYTES = 72;
    private static final int AT_ERRORS = 88;
    private static final int AT_LATENCY_SUMS = 104;
    private static final int AT_WAITS = 128;
    private static final int AT_LATENCIES = 256;
    /** Bucket i has the commands that took less than 2^(i + 10) ns, and not less than half of that. */
    private static final int BUCKETS = 32;

    private static final int SHIFT = 10;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private VendorLog() {}

    /**
     * Fills {@code out}, which is zeros.
     *
     * @param nsid as the host asked
     * @param namespaces whose counts are added up
     * @param nowNs of the reactor's clock
     * @return the size in bytes
     */
    static long fill(MemorySegment out, int nsid, List<Namespace> namespaces, long nowNs) {
        out.set(SHORT, 0, (short) VERSION);
        out.set(SHORT, 2, (short) SIZE);
        out.set(INT, 4, nsid);
        if (!namespaces.isEmpty()) {
            name(out, AT_NAME, namespaces.getFirst());
        }
        for (Namespace namespace : namespaces) {
            add(out, namespace, nowNs);
        }
        return SIZE;
    }

    /** The name of the volume that a namespace shows, with zeros behind it. */
    static void name(MemorySegment out, long at, Namespace namespace) {
        byte[] name = namespace.name().getBytes(StandardCharsets.US_ASCII);
        IdentifyCommand.copy(out, at, Arrays.copyOf(name, NAME_SIZE));
    }

    private static void add(MemorySegment out, Namespace namespace, long nowNs) {
        IoCounters counters = namespace.counters();
        add(out, AT_BYTES, counters.readBytes());
        add(out, AT_BYTES + 8, counters.writeBytes());
        add(out, AT_ERRORS, counters.errors());
        add(out, AT_ERRORS + 8, counters.mediaErrors());
        for (int kind = 0; kind < CommandMeter.KINDS; kind++) {
            LatencyCounts counts = namespace.commands().read(kind);
            add(out, AT_COMMANDS + 8L * kind, counts.total());
            add(out, AT_LATENCY_SUMS + 8L * kind, counts.sumNs());
            latencies(out, AT_LATENCIES + 8L * BUCKETS * kind, counts);
        }
        for (WaitCause cause : WaitCause.values()) {
            add(out, AT_WAITS + 16L * cause.index(), namespace.waits(cause));
            add(out, AT_WAITS + 16L * cause.index() + 8, namespace.waitNs(cause, nowNs));
        }
    }

    private static void latencies(MemorySegment out, long at, LatencyCounts counts) {
        for (int i = 0; i < LatencyBuckets.COUNT; i++) {
            if (counts.count(i) > 0) {
                int exponent = Long.SIZE - Long.numberOfLeadingZeros(LatencyBuckets.highestNs(i));
                add(out, at + 8L * Math.clamp(exponent - SHIFT, 0, BUCKETS - 1), counts.count(i));
            }
        }
    }

    private static void add(MemorySegment out, long at, long value) {
        out.set(LONG, at, out.get(LONG, at) + value);
    }
}
