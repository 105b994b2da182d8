package io.vnvme.qos;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LimitMeterTest {
    @Test
    void eachCauseHasItsTime() {
        LimitMeter meter = new LimitMeter();
        meter.command(WaitCause.OWN_LIMIT);
        meter.waits(WaitCause.OWN_LIMIT, 100);
        meter.waits(WaitCause.GROUP_LIMIT, 130);
        meter.over(200);
        meter.waits(WaitCause.FAIR_SHARE, 500);
        meter.over(501);
        assertThat(meter.ns(WaitCause.OWN_LIMIT)).isEqualTo(30);
        assertThat(meter.ns(WaitCause.GROUP_LIMIT)).isEqualTo(70);
        assertThat(meter.ns(WaitCause.FAIR_SHARE)).isEqualTo(1);
        assertThat(meter.commands(WaitCause.OWN_LIMIT)).isEqualTo(1);
    }
}
