package io.vnvme.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final int TERMINAL_COLUMNS = 100;

    @Test
    void jsonHasTheNamesThatReadersRelyOnAndComesBackTheSame() {
        Results results = Sample.results("tcg", true);
        String json = ResultsJson.write(results);
        assertThat(json)
                .contains("\"accel\"", "\"steps\"", "\"seconds\"", "\"lspci\"", "\"lsblk\"", "\"nvme_list\"")
                .contains("\"where\"", "\"way\"", "\"workload\"", "\"iops\"", "\"p50_us\"", "\"p99_us\"")
                .contains("\"cpu_us_per_io\"", "\"vnvme_to_bare\"", "\"vnvme_to_legacy\"", "\"verify\"", "\"ok\"")
                .contains("\"qemu-nvme\"", "\"randread\"", "\"guest\"", "\"ceiling\"");
        assertThat(ResultsJson.read(json)).isEqualTo(results);
    }

    @Test
    void tableFitsATerminal() {
        for (String accel : new String[] {"tcg", "kvm"}) {
            String table = TextTable.of(Sample.results(accel, true), false);
            assertThat(table.lines())
                    .allSatisfy(line -> assertThat(line.length()).as(line).isLessThanOrEqualTo(TERMINAL_COLUMNS));
            assertThat(table).contains("387 k", "1.21 M", "0.97", "3.13", "41.3 k");
        }
    }

    @Test
    void pageNeedsNothingFromElsewhereAndEscapesWhatItShows() {
        String page = HtmlReport.of(Sample.results("tcg", true));
        assertThat(page).doesNotContain("http://", "https://", "<script", "src=", "url(", "{{");
        assertThat(page).contains("256 MiB &lt;the same&gt; &amp; more", "no working KVM", "1,210,000");
        Matcher tags =
                Pattern.compile("<(/?)(div|section|table|tr|td|pre|dl|main)\\b").matcher(page);
        int open = 0;
        while (tags.find()) {
            open += tags.group(1).isEmpty() ? 1 : -1;
        }
        assertThat(open).isZero();
    }

    @Test
    void pageSaysWhenTheDataDiffer() {
        assertThat(HtmlReport.of(Sample.results("kvm", false))).contains("NOT the same", "a step failed", "KVM");
    }

    @Test
    void aBusyMachineIsTold() {
        assertThat(HtmlReport.of(Sample.results("kvm", false))).contains("Other programs used 38 %");
        assertThat(TextTable.of(Sample.results("kvm", false), false)).contains("Other programs used 38 %");
        assertThat(TextTable.of(Sample.results("kvm", true), false)).doesNotContain("Other programs");
    }

    @Test
    void ratioIsTheMedianOverRounds() {
        Ratio ratio = Ratio.of(new double[] {10, 30, 20}, new double[] {10, 10, 10});
        assertThat(ratio).isEqualTo(new Ratio(2, 1, 3));
        assertThat(Median.of(4, 1, 3, 2)).isEqualTo(2.5);
        assertThatThrownBy(() -> Ratio.of(new double[1], new double[2])).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void numbersKeepThreeDigits() {
        assertThat(Units.rate(1_214_000)).isEqualTo("1.21 M");
        assertThat(Units.rate(38_210)).isEqualTo("38.2 k");
        assertThat(Units.rate(850)).isEqualTo("850");
        assertThat(Units.milliseconds(2.44)).isEqualTo("2.44 ms");
        assertThat(Units.milliseconds(1180)).isEqualTo("1.2 s");
        assertThat(Units.ratio(12.44)).isEqualTo("12.4");
    }
}
