package io.vnvme.bench.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Figures over queue depths as a picture, depths on a logarithmic axis. */
public final class LineChart {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 500;
    private static final Map<String, Color> COLOURS = Map.of(
            "vnvme", new Color(0x0B7A75),
            "qemu-storage-daemon", new Color(0xC8792B),
            "nbdkit", new Color(0xA08A5B),
            "memcpy", new Color(0xB5BEC7),
            "fio", new Color(0x8D99A5));

    /** A line: its name, depths, and a figure for each with the lowest and the highest. */
    public record Line(String name, List<Integer> depths, List<Double> figures, List<Double> spreads) {}

    private LineChart() {}

    /** Lets text be drawn with these typefaces; once a process, before the first picture. */
    public static void useFonts(Path folder) throws IOException {
        Fonts.use(folder);
    }

    public static void write(String title, String unit, List<Line> lines, Path file) throws IOException {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle("transfers in flight")
                .yAxisTitle(unit)
                .build();
        style(chart.getStyler());
        for (Line line : lines) {
            XYSeries series = chart.addSeries(line.name(), line.depths(), line.figures(), line.spreads());
            Color colour = COLOURS.getOrDefault(line.name(), Color.BLACK);
            series.setMarker(SeriesMarkers.CIRCLE);
            series.setMarkerColor(colour);
            series.setLineColor(colour);
        }
        BufferedImage picture = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = picture.createGraphics();
        pen.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        chart.paint(pen, WIDTH, HEIGHT);
        pen.dispose();
        if (!ImageIO.write(picture, "png", file.toFile())) {
            throw new IOException("this Java writes no PNG: " + file);
        }
    }

    private static void style(XYStyler style) {
        style.setChartBackgroundColor(Color.WHITE)
                .setPlotBackgroundColor(Color.WHITE)
                .setChartFontColor(new Color(0x16202B))
                .setChartTitleBoxVisible(false)
                .setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 18))
                .setLegendPosition(Styler.LegendPosition.OutsideE)
                .setLegendBorderColor(Color.WHITE)
                .setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
        style.setPlotBorderVisible(false);
        style.setPlotGridLinesColor(new Color(0xE1E6EB)).setPlotGridLinesStroke(new BasicStroke(1f));
        style.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14)).setYAxisMin(0.0);
        style.setXAxisLogarithmic(true);
    }
}
