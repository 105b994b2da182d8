package io.vnvme.bench.report;

import io.vnvme.bench.load.Workload;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.CategoryStyler;
import org.knowm.xchart.style.Styler;

/** The host's operations a second as a picture. */
final class Chart {
    private static final int WIDTH = 1200;
    private static final int HEIGHT = 675;
    private static final double THOUSAND = 1000;
    private static final double HEADROOM = 1.15;
    private static final Map<Way, Color> COLOURS = new EnumMap<>(Map.of(
            Way.LEGACY, new Color(0xC8792B),
            Way.QEMU_NVME, new Color(0xA08A5B),
            Way.VNVME, new Color(0x0B7A75),
            Way.BARE, new Color(0x8D99A5),
            Way.CEILING, new Color(0xB5BEC7)));

    private Chart() {}

    static void write(Results results, Path file) throws IOException {
        CategoryChart chart = new CategoryChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title("4 KiB operations a second, 64 in flight, one core each side (thousands)")
                .build();
        List<String> workloads = new ArrayList<>();
        for (Workload workload : Workload.values()) {
            workloads.add(workload.words());
        }
        double highest = 0;
        for (Way way : Way.values()) {
            List<Double> rates = new ArrayList<>();
            List<Double> errors = new ArrayList<>();
            for (Workload workload : Workload.values()) {
                results.figure(Where.HOST, way, workload).ifPresent(figure -> {
                    rates.add(figure.iops() / THOUSAND);
                    errors.add((figure.iopsHigh() - figure.iopsLow()) / 2 / THOUSAND);
                });
            }
            if (rates.size() == workloads.size()) {
                chart.addSeries(way.title(), workloads, rates, errors).setFillColor(COLOURS.get(way));
                highest = Math.max(
                        highest, rates.stream().mapToDouble(r -> r).max().orElse(0));
            }
        }
        style(chart.getStyler(), highest * HEADROOM);
        BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = picture.createGraphics();
        pen.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        chart.paint(pen, WIDTH, HEIGHT);
        pen.dispose();
        if (!ImageIO.write(picture, "png", file.toFile())) {
            throw new IOException("this Java writes no PNG: " + file);
        }
    }

    private static void style(CategoryStyler style, double top) {
        Color ink = new Color(0x16202B);
        Color line = new Color(0xE1E6EB);
        style.setChartBackgroundColor(Color.WHITE)
                .setPlotBackgroundColor(Color.WHITE)
                .setChartFontColor(ink)
                .setChartTitleBoxVisible(false)
                .setChartTitlePadding(20)
                .setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 22))
                .setLegendPosition(Styler.LegendPosition.OutsideS)
                .setLegendLayout(Styler.LegendLayout.Horizontal)
                .setLegendBorderColor(Color.WHITE)
                .setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 18))
                .setPlotContentSize(0.98);
        style.setPlotBorderVisible(false);
        style.setPlotGridLinesColor(line)
                .setPlotGridLinesStroke(new BasicStroke(1f))
                .setPlotGridVerticalLinesVisible(false)
                .setAxisTicksLineVisible(false)
                .setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 18))
                .setYAxisMin(0.0)
                .setYAxisMax(top)
                .setYAxisDecimalPattern("#,##0")
                .setErrorBarsColor(ink);
        style.setAvailableSpaceFill(0.7)
                .setLabelsVisible(true)
                .setLabelsPosition(0.5)
                .setLabelsFont(new Font(Font.SANS_SERIF, Font.BOLD, 20))
                .setLabelsFontColorAutomaticEnabled(false)
                .setLabelsFontColor(Color.WHITE);
    }
}
