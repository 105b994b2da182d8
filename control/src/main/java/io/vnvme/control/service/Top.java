package io.vnvme.control.service;

import io.vnvme.control.model.CommandLoad;
import io.vnvme.control.model.LatencyBucket;
import io.vnvme.control.model.LatencyInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.ReactorInfo;
import io.vnvme.control.model.ReactorLoad;
import io.vnvme.control.model.TopInfo;
import io.vnvme.control.model.VnvmeLoad;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.plane.ExportCounters;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.telemetry.LatencyBuckets;
import io.vnvme.telemetry.LatencyCounts;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** What reactors and vNVMes do: the difference of two looks at what the engine has counted. */
public final class Top {
    private static final int INTERVAL_MS_MIN = 10;
    private static final int INTERVAL_MS_MAX = 60_000;
    private static final double NS_A_SECOND = 1e9;
    private static final double NS_A_US = 1e3;

    private final Registry registry;
    private final DataPlane dataPlane;
    private final Exports exports;

    private record Look(long atNs, List<ReactorInfo> reactors, Map<String, ExportCounters> vnvmes) {}

    Top(Registry registry, DataPlane dataPlane, Exports exports) {
        this.registry = registry;
        this.dataPlane = dataPlane;
        this.exports = exports;
    }

    /** The threads that serve I/O. */
    public List<ReactorInfo> reactors() {
        return dataPlane.reactors();
    }

    /**
     * Looks, waits, looks again.
     *
     * @throws ProblemException when the interval is none
     */
    public TopInfo over(int intervalMs) {
        Look before = look();
        pass(intervalMs);
        return between(before, look());
    }

    /**
     * How long the commands of a vNVMe take that end in an interval.
     *
     * @throws ProblemException when there is no such vNVMe, or the interval is none
     */
    public LatencyInfo latencies(String vnvme, int intervalMs) {
        if (registry.state().vnvme(vnvme).isEmpty()) {
            throw new ProblemException(
                    ProblemCode.UNKNOWN_VNVME, "no vNVMe %s: 'vnvme ls' lists those there are".formatted(vnvme));
        }
        long beganNs = System.nanoTime();
        ExportCounters before = counters(vnvme);
        pass(intervalMs);
        ExportCounters after = counters(vnvme);
        double seconds = (System.nanoTime() - beganNs) / NS_A_SECOND;
        LatencyCounts counts = all(after).since(all(begunAnew(before, after) ? ExportCounters.NONE : before));
        List<LatencyBucket> buckets = IntStream.range(0, LatencyBuckets.COUNT)
                .filter(i -> counts.count(i) > 0)
                .mapToObj(i -> new LatencyBucket(LatencyBuckets.highestNs(i) / NS_A_US, counts.count(i)))
                .toList();
        return new LatencyInfo(now(), seconds, buckets);
    }

    private ExportCounters counters(String vnvme) {
        return exports.find(vnvme).map(export -> export.counters()).orElse(ExportCounters.NONE);
    }

    private static LatencyCounts all(ExportCounters counters) {
        return counters.reads().and(counters.writes()).and(counters.others());
    }

    private static void pass(int intervalMs) {
        if (intervalMs < INTERVAL_MS_MIN || intervalMs > INTERVAL_MS_MAX) {
            throw new ProblemException(
                    ProblemCode.BAD_REQUEST,
                    "an interval of %d ms: it is %d to %d".formatted(intervalMs, INTERVAL_MS_MIN, INTERVAL_MS_MAX));
        }
        try {
            Thread.sleep(intervalMs);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted between two looks", e);
        }
    }

    private static String now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
    }

    /** A vNVMe that was taken away and came back under its name counts from nothing. */
    private static boolean begunAnew(ExportCounters before, ExportCounters after) {
        return after.readBytes() < before.readBytes() || after.writtenBytes() < before.writtenBytes();
    }

    private Look look() {
        Map<String, ExportCounters> counters = new LinkedHashMap<>();
        for (VnvmeRecord vnvme : registry.state().vnvmes()) {
            exports.find(vnvme.name()).ifPresent(export -> counters.put(vnvme.name(), export.counters()));
        }
        return new Look(System.nanoTime(), dataPlane.reactors(), counters);
    }

    private static TopInfo between(Look before, Look after) {
        double seconds = (after.atNs - before.atNs) / NS_A_SECOND;
        List<ReactorLoad> reactors = after.reactors.stream()
                .map(r -> load(
                        before.reactors.stream()
                                .filter(b -> b.name().equals(r.name()))
                                .findFirst(),
                        r))
                .toList();
        List<VnvmeLoad> vnvmes = after.vnvmes.entrySet().stream()
                .map(v -> load(
                        v.getKey(), before.vnvmes.getOrDefault(v.getKey(), ExportCounters.NONE), v.getValue(), seconds))
                .toList();
        return new TopInfo(now(), seconds, reactors, vnvmes);
    }

    private static ReactorLoad load(Optional<ReactorInfo> before, ReactorInfo after) {
        long busy = after.busyNs() - before.map(ReactorInfo::busyNs).orElse(0L);
        long idle = after.idleNs() - before.map(ReactorInfo::idleNs).orElse(0L);
        long asleep = after.asleepNs() - before.map(ReactorInfo::asleepNs).orElse(0L);
        double all = Math.max(1, busy + idle + asleep);
        return new ReactorLoad(after.name(), after.cpu(), 100 * busy / all, 100 * idle / all, 100 * asleep / all);
    }

    private static VnvmeLoad load(String name, ExportCounters before, ExportCounters after, double seconds) {
        ExportCounters from = begunAnew(before, after) ? ExportCounters.NONE : before;
        LatencyCounts reads = after.reads().since(from.reads());
        LatencyCounts writes = after.writes().since(from.writes());
        LatencyCounts others = after.others().since(from.others());
        LatencyCounts total = reads.and(writes).and(others);
        double readRate = (after.readBytes() - from.readBytes()) / seconds;
        double writeRate = (after.writtenBytes() - from.writtenBytes()) / seconds;
        double depth = total.sumNs() / (seconds * NS_A_SECOND);
        return new VnvmeLoad(
                name,
                Math.max(depth, after.inFlight()),
                after.inFlight(),
                commands(total, readRate + writeRate, seconds),
                commands(reads, readRate, seconds),
                commands(writes, writeRate, seconds),
                commands(others, 0, seconds));
    }

    private static CommandLoad commands(LatencyCounts counts, double bytesPerSecond, double seconds) {
        long total = counts.total();
        return new CommandLoad(
                total / seconds,
                bytesPerSecond,
                total == 0 ? 0 : counts.sumNs() / NS_A_US / total,
                counts.percentileNs(0.5) / NS_A_US,
                counts.percentileNs(0.99) / NS_A_US,
                counts.percentileNs(0.999) / NS_A_US);
    }
}
