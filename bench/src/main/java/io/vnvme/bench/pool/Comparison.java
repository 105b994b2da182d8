package io.vnvme.bench.pool;

import io.vnvme.bench.report.Median;
import io.vnvme.bench.report.Ratio;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Two things measured by turns in one run, and how much of the second the first is to reach. */
final class Comparison {
    private final String what;
    private final double target;
    private final List<Double> subject = new ArrayList<>();
    private final List<Double> base = new ArrayList<>();

    Comparison(String what, double target) {
        this.what = what;
        this.target = target;
    }

    /** A round: transfers a second of both. */
    void add(double subjectRate, double baseRate) {
        subject.add(subjectRate);
        base.add(baseRate);
    }

    Ratio ratio() {
        return Ratio.of(array(subject), array(base));
    }

    private static double[] array(List<Double> rates) {
        return rates.stream().mapToDouble(Double::doubleValue).toArray();
    }

    static String head() {
        return "%-44s %11s %11s %7s %15s %7s %7s%n"
                .formatted("what", "a second", "beside", "ratio", "lowest..highest", "target", "direct");
    }

    /** @param direct the same without NVMe */
    String line(Comparison direct) {
        Ratio ratio = ratio();
        return String.format(
                Locale.ROOT,
                "%-44s %,11.0f %,11.0f %7.3f %7.3f..%-6.3f %7.2f %7.3f%n",
                what,
                Median.of(array(subject)),
                Median.of(array(base)),
                ratio.median(),
                ratio.low(),
                ratio.high(),
                target,
                direct.ratio().median());
    }
}
