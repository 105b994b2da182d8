package io.vnvme.control.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.LatencyInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.TopInfo;
import io.vnvme.control.model.VnvmeLoad;
import io.vnvme.control.plane.ExportCounters;
import io.vnvme.control.plane.FakeDataPlane.FakeExport;
import io.vnvme.telemetry.LatencyBuckets;
import io.vnvme.telemetry.LatencyCounts;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TopTest {
    private static final long LATENCY_NS = 5000;

    @TempDir
    Path folder;

    private Fixture fixture;

    @BeforeEach
    void setUp() {
        fixture = new Fixture(folder);
        fixture.claim("ram1");
        fixture.create("d1", Fixture.MIB);
    }

    @AfterEach
    void tearDown() {
        fixture.close();
    }

    private static LatencyCounts commands(long count) {
        long[] counts = new long[LatencyBuckets.COUNT];
        counts[LatencyBuckets.of(LATENCY_NS)] = count;
        return new LatencyCounts(counts, count * LATENCY_NS);
    }

    private static ExportCounters counters(long reads, long writes) {
        return new ExportCounters(
                commands(reads), commands(writes), LatencyCounts.NONE, reads * 4096, writes * 512, 3, 0, 0, List.of());
    }

    private FakeExport export() {
        return Objects.requireNonNull(fixture.plane.exports.get("d1"));
    }

    @Test
    void showsWhatCameBetweenTwoLooks() {
        export().counters = counters(1000, 0);
        CompletableFuture<TopInfo> asked =
                CompletableFuture.supplyAsync(() -> fixture.services.top().over(1500));
        while (export().looks.get() == 0) {
            Thread.onSpinWait();
        }
        export().counters = counters(1600, 60);
        fixture.plane.busyNs.set(77);
        TopInfo top = asked.join();
        VnvmeLoad load = top.vnvmes().getFirst();
        assertThat(load.reads().iops() * top.seconds()).isCloseTo(600, Percentage.withPercentage(0.1));
        assertThat(load.reads().bytesPerSecond() * top.seconds()).isCloseTo(600 * 4096, Percentage.withPercentage(0.1));
        assertThat(load.total().iops() * top.seconds()).isCloseTo(660, Percentage.withPercentage(0.1));
        assertThat(load.writes().meanUs()).isCloseTo(5, Percentage.withPercentage(0.1));
        assertThat(load.writes().p50Us()).isBetween(5.0, 5.4);
        assertThat(load.others().p99Us()).isZero();
        assertThat(load.inFlight()).isEqualTo(3);
        assertThat(load.queueDepth()).isEqualTo(3);
        assertThat(top.reactors().getFirst().busyPercent()).isEqualTo(100);
    }

    @Test
    void aVnvmeThatBeganAnewIsNotNegative() {
        export().counters = counters(1000, 1000);
        CompletableFuture<TopInfo> asked =
                CompletableFuture.supplyAsync(() -> fixture.services.top().over(1500));
        while (export().looks.get() == 0) {
            Thread.onSpinWait();
        }
        export().counters = counters(7, 7);
        TopInfo top = asked.join();
        assertThat(top.vnvmes().getFirst().reads().iops() * top.seconds()).isCloseTo(7, Percentage.withPercentage(0.1));
    }

    @Test
    void tellsHowManyCommandsTookHowLong() {
        export().counters = counters(1000, 0);
        CompletableFuture<LatencyInfo> asked =
                CompletableFuture.supplyAsync(() -> fixture.services.top().latencies("d1", 1500));
        while (export().looks.get() == 0) {
            Thread.onSpinWait();
        }
        export().counters = counters(1600, 60);
        LatencyInfo info = asked.join();
        assertThat(info.buckets()).singleElement().satisfies(bucket -> {
            assertThat(bucket.count()).isEqualTo(660);
            assertThat(bucket.upToUs()).isBetween(5.0, 5.4);
        });
        assertThat(info.seconds()).isGreaterThanOrEqualTo(1.5);
        Fixture.assertProblem(
                ProblemCode.UNKNOWN_VNVME, () -> fixture.services.top().latencies("nobody", 10));
    }

    @Test
    void intervalsThatMakeNoSense() {
        for (int interval : new int[] {-1, 0, 9, 60_001}) {
            Fixture.assertProblem(
                    ProblemCode.BAD_REQUEST, () -> fixture.services.top().over(interval));
        }
    }
}
