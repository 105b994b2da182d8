package io.vnvme.bench.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.bench.load.Workload;
import org.junit.jupiter.api.Test;

class FioTest {
    private static final String PERCENTILES = "1.000000%=900;5.000000%=1000;10.000000%=1100;20.000000%=1200;"
            + "30.000000%=1300;40.000000%=1400;50.000000%=1548;60.000000%=1600;70.000000%=1700;80.000000%=1800;"
            + "90.000000%=1900;95.000000%=2100;99.000000%=3457;99.500000%=4000;99.900000%=5000;99.950000%=5100;"
            + "99.990000%=6000;0%=0;0%=0;0%=0;";
    private static final String SIDE = "98304;49152;%s;2000;1;2;3.0;4.0;5;6;7.0;8.0;" + PERCENTILES
            + "10;20;30.0;40.0;0;0;0.000000%%;0.000000;0.000000;";

    private static String report(String error, String readIops, String writeIops) {
        return "warning: something\n3;fio-3.39;demo;0;" + error + ";" + side(readIops) + side(writeIops)
                + "1.0%;2.0%\n";
    }

    private static String side(String iops) {
        return SIDE.replace("%s", iops).replace("%%", "%");
    }

    @Test
    void readsTheSideOfTheWorkload() {
        String report = report("0", "12288", "24576");
        assertThat(Fio.parse(report, Workload.RANDREAD)).isEqualTo(new Fio.Outcome("3.39", 12288, 1548, 3457));
        assertThat(Fio.parse(report, Workload.RANDWRITE).iops()).isEqualTo(24576);
    }

    @Test
    void refusesErrorsAndOtherText() {
        assertThatThrownBy(() -> Fio.parse(report("22", "1", "1"), Workload.RANDREAD))
                .isInstanceOf(DemoException.class)
                .hasMessageContaining("error 22");
        assertThatThrownBy(() -> Fio.parse("fio: not found", Workload.RANDREAD))
                .isInstanceOf(DemoException.class)
                .hasMessageContaining("fio: not found");
        assertThatThrownBy(() -> Fio.parse("3;fio-3.39;demo;0;0;1", Workload.RANDREAD))
                .isInstanceOf(DemoException.class);
    }

    @Test
    void asksForWhatTheReportClaims() {
        assertThat(Fio.command("/dev/vda", Workload.RANDWRITE, 1, 2))
                .contains("--rw=randwrite", "--bs=4k", "--iodepth=64", "--ioengine=libaio", "--direct=1", "=/dev/vda");
    }
}
