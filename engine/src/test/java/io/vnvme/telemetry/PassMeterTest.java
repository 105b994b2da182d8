package io.vnvme.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PassMeterTest {
    private final PassMeter passes = new PassMeter();
    private final CommandMeter meter = new CommandMeter();

    @Test
    void aCommandOfOnePassLastsUntilTheNext() {
        passes.begin(1000);
        passes.ended(meter, CommandMeter.READ, passes.beganNs());
        passes.ended(meter, CommandMeter.READ, passes.beganNs());
        passes.ended(meter, CommandMeter.WRITE, passes.beganNs());
        passes.end();
        assertThat(meter.read(CommandMeter.READ).total()).isZero();
        passes.begin(1700);
        LatencyCounts reads = meter.read(CommandMeter.READ);
        assertThat(reads.total()).isEqualTo(2);
        assertThat(reads.sumNs()).isEqualTo(1400);
        assertThat(reads.percentileNs(1)).isEqualTo(LatencyBuckets.highestNs(LatencyBuckets.of(700)));
        assertThat(meter.read(CommandMeter.WRITE).total()).isEqualTo(1);
        assertThat(meter.read(CommandMeter.OTHER).total()).isZero();
    }

    @Test
    void aCommandOfSeveralPassesLastsUntilTheOneThatEndedItIsOver() {
        passes.begin(1000);
        long fetched = passes.beganNs();
        passes.begin(2000);
        passes.begin(51_000);
        for (int i = 0; i < 1000; i++) {
            passes.ended(meter, CommandMeter.OTHER, fetched);
        }
        passes.begin(52_000);
        passes.begin(90_000);
        assertThat(meter.read(CommandMeter.OTHER).total()).isEqualTo(1000);
        assertThat(meter.read(CommandMeter.OTHER).sumNs()).isEqualTo(51_000 * 1000);
    }

    @Test
    void whatWasCountedBeforeIsNotCountedTwice() {
        passes.begin(0);
        passes.ended(meter, CommandMeter.READ, 0);
        passes.begin(100);
        LatencyCounts first = meter.read(CommandMeter.READ);
        passes.ended(meter, CommandMeter.READ, 100);
        passes.begin(400);
        passes.begin(9000);
        LatencyCounts between = meter.read(CommandMeter.READ).since(first);
        assertThat(between.total()).isEqualTo(1);
        assertThat(between.sumNs()).isEqualTo(300);
        assertThat(first.total()).isEqualTo(1);
    }

    @Test
    void severalNamespacesInOnePass() {
        CommandMeter[] meters = {meter, new CommandMeter(), new CommandMeter(), new CommandMeter()};
        passes.begin(0);
        for (int i = 0; i < 100; i++) {
            passes.ended(meters[i % meters.length], CommandMeter.WRITE, 0);
        }
        passes.begin(50);
        for (CommandMeter each : meters) {
            assertThat(each.read(CommandMeter.WRITE).total()).isEqualTo(25);
        }
    }

    @Test
    void percentiles() {
        for (int us = 1; us <= 100; us++) {
            meter.ended(CommandMeter.READ, us * 1000L, 1);
        }
        LatencyCounts counts = meter.read(CommandMeter.READ);
        assertThat(counts.percentileNs(0.5)).isBetween(50_000L, 54_000L);
        assertThat(counts.percentileNs(0.99)).isBetween(99_000L, 106_000L);
        assertThat(LatencyCounts.NONE.percentileNs(0.99)).isZero();
    }
}
