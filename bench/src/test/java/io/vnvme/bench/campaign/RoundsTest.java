package io.vnvme.bench.campaign;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.bench.Sample;
import io.vnvme.bench.report.Machine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RoundsTest {
    private static final Point READ = Point.of(DriveKind.RAM, 100, 4096, 64, 1);
    private static final Point MIXED = Point.of(DriveKind.NULL, 70, 128 << 10, 1, 4);

    private final List<String> order = new ArrayList<>();

    /** Each measurement finds 10 more than the one before. */
    private final class Fake implements Contender {
        private final String name;
        private final Point only;
        private double iops;

        Fake(String name, Point only, double iops) {
            this.name = name;
            this.only = only;
            this.iops = iops;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public boolean takes(Point point) {
            return name.equals(Ours.NAME) || point.equals(only);
        }

        @Override
        public Sample measure(Point point, Span span) {
            order.add(name + " " + point.key());
            iops += 10;
            return new Sample(iops, 1, 2, 0.5);
        }
    }

    private Rounds run() throws Exception {
        Plan plan = new Plan(List.of(READ, MIXED), 3, Duration.ZERO, Duration.ZERO);
        Rounds rounds =
                new Rounds(plan, List.of(new Fake(Ours.NAME, READ, 990), new Fake(MemoryLimit.NAME, READ, 1990)), 1, 0);
        rounds.run(_ -> {});
        return rounds;
    }

    @Test
    void everyoneIsMeasuredInEachRoundAndWhoBeginsChanges() throws Exception {
        run();
        assertThat(order)
                .containsExactly(
                        "vnvme ram-4K-read-qd64",
                        "memcpy ram-4K-read-qd64",
                        "vnvme null-128K-70/30-qd1-q4",
                        "memcpy ram-4K-read-qd64",
                        "vnvme ram-4K-read-qd64",
                        "vnvme null-128K-70/30-qd1-q4",
                        "vnvme ram-4K-read-qd64",
                        "memcpy ram-4K-read-qd64",
                        "vnvme null-128K-70/30-qd1-q4");
    }

    @Test
    void figuresAreMediansAndRatiosGoRoundByRound() throws Exception {
        Rounds rounds = run();
        assertThat(rounds.figures()).hasSize(3);
        CampaignFigure ours = rounds.figures().getFirst();
        assertThat(List.of(ours.iopsLow(), ours.iops(), ours.iopsHigh())).containsExactly(1000.0, 1020.0, 1040.0);
        assertThat(ours.mbPerS()).isEqualTo(1020 * 4096 / 1e6);
        assertThat(rounds.ratios()).containsOnlyKeys("ram-4K-read-qd64/memcpy");
        assertThat(rounds.ratios().values())
                .allSatisfy(ratio -> assertThat(ratio.median()).isBetween(0.50, 0.52));
    }

    @Test
    void thePageSaysAllOfIt() throws Exception {
        Rounds rounds = run();
        CampaignReport report = new CampaignReport(
                "2026-01-02T03:04:05Z",
                60,
                false,
                new Machine("a processor", 2, 1024, "6.18", "Debian"),
                "25",
                0.25,
                List.of("nbdkit is not installed"),
                rounds.figures(),
                rounds.ratios(),
                new Footprint(100, 50, 1, 2, 300));
        String page = Markdown.of(report, Map.of("a title", "a.png"));
        assertThat(page)
                .contains(
                        "a processor, 2 processors",
                        "Other programs used 25 % of the machine",
                        "Not measured: nbdkit is not installed.",
                        "![a title](a.png)",
                        "| ram-4K-read-qd64 | memcpy | 0.51 |",
                        "## null, 128 KiB, random 70/30",
                        "| vnvme | 1 x 64 | 1,020 | 1,000 - 1,040 |");
        assertThat(report.json()).contains("\"ratios\"", "\"ram-4K-read-qd64/memcpy\"", "\"iops_low\"");
        assertThat(Markdown.summary(report)).contains("ram-4K-read-qd64/memcpy");
    }

    @Test
    void plansHaveTheMainPoints() {
        assertThat(Plan.quick(5).points())
                .extracting(Point::key)
                .contains("ram-4K-read-qd1", "ram-4K-write-qd64", "null-4K-read-qd64", "null-4K-write-qd1");
        assertThat(Plan.full(5).points())
                .extracting(Point::key)
                .doesNotHaveDuplicates()
                .contains("file-128K-70/30-qd256", "ram-4K-write-qd64-q4", "null-4K-read-qd8");
    }
}
