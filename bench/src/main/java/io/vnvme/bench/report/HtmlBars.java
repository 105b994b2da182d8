package io.vnvme.bench.report;

import io.vnvme.bench.load.Workload;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Bar charts made of the page's own elements, so that they follow its width and its colours. */
final class HtmlBars {
    private static final double PERCENT = 100;

    private HtmlBars() {}

    /** Operations a second of every way measured there. */
    static String rates(Results results, Where where, Workload workload) {
        List<Figure> figures = of(results, where, workload).toList();
        double longest = Stream.concat(figures.stream(), of(results, where, other(workload)))
                .mapToDouble(Figure::iopsHigh)
                .max()
                .orElse(1);
        StringBuilder bars = new StringBuilder();
        for (Figure figure : figures) {
            bar(bars, figure, figure.iops() / longest, Units.rate(figure.iops()), range(figure, longest));
        }
        return bars.toString();
    }

    /** Host processor time for an operation of every way measured on the host. */
    static String processorTime(Results results, Workload workload) {
        List<Figure> figures = of(results, Where.HOST, workload).toList();
        double longest = Stream.concat(figures.stream(), of(results, Where.HOST, other(workload)))
                .mapToDouble(Figure::cpuUsPerIo)
                .max()
                .orElse(1);
        StringBuilder bars = new StringBuilder();
        for (Figure figure : figures) {
            bar(bars, figure, figure.cpuUsPerIo() / longest, Units.digits(figure.cpuUsPerIo()), "");
        }
        return bars.toString();
    }

    private static Stream<Figure> of(Results results, Where where, Workload workload) {
        return Stream.of(Way.values()).flatMap(way -> results.figure(where, way, workload).stream());
    }

    /** Both panels share one scale. */
    private static Workload other(Workload workload) {
        return workload == Workload.RANDREAD ? Workload.RANDWRITE : Workload.RANDREAD;
    }

    private static String range(Figure figure, double longest) {
        double left = figure.iopsLow() / longest;
        double width = (figure.iopsHigh() - figure.iopsLow()) / longest;
        return figure.repeats() < 2
                ? ""
                : "<div class=\"range\" style=\"left:" + percent(left) + ";width:" + percent(width) + "\"></div>";
    }

    private static void bar(StringBuilder bars, Figure figure, double share, String value, String range) {
        String way = figure.way().word();
        bars.append("<div class=\"bar ").append(way).append("\"><div class=\"name\">");
        bars.append(HtmlReport.escape(figure.way().shortTitle())).append("</div><div class=\"track\">");
        bars.append("<div class=\"fill ")
                .append(way)
                .append("\" style=\"width:")
                .append(percent(share))
                .append("\">");
        bars.append("</div>")
                .append(range)
                .append("</div><div class=\"value\">")
                .append(value)
                .append("</div></div>\n");
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f%%", share * PERCENT);
    }
}
