package io.vnvme.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WaitMeterTest {
    @Test
    void timeInWhichSeveralWaitCountsOnce() {
        WaitMeter meter = new WaitMeter();
        meter.began(100);
        meter.began(150);
        assertThat(meter.ns(160)).isEqualTo(60);
        meter.ended(200);
        meter.ended(300);
        assertThat(meter.ns(1000)).isEqualTo(200);
        assertThat(meter.count()).isEqualTo(2);
    }

    @Test
    void whoTriesAgainInVainIsCountedOnce() {
        WaitMeter meter = new WaitMeter();
        meter.began(100);
        meter.ended(200);
        meter.began(200);
        meter.resumed();
        meter.ended(250);
        assertThat(meter.count()).isEqualTo(1);
        assertThat(meter.ns(999)).isEqualTo(150);
    }

    @Test
    void whatLiesInTheLastWait() {
        WaitMeter meter = new WaitMeter();
        assertThat(meter.lastSince(0, 50)).isZero();
        meter.began(100);
        assertThat(meter.lastSince(50, 130)).isEqualTo(30);
        meter.ended(150);
        assertThat(meter.lastSince(120, 1000)).isEqualTo(30);
        assertThat(meter.lastSince(200, 1000)).isZero();
    }
}
