package io.vnvme.control.cli;

import io.vnvme.control.model.ReactorLoad;
import io.vnvme.control.model.TopInfo;
import io.vnvme.control.model.VnvmeLoad;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** What {@code vnvme top} shows: reactors, then vNVMes, the busiest first. */
final class TopView {
    private static final int NAME_WIDTH_MIN = 12;
    private static final int NAME_WIDTH_MAX = 32;

    private static final String COLUMNS = "%9s %9s %9s %9s %6s %8s %8s";
    /** Width of the columns behind the name. */
    private static final int FIGURES_WIDTH = 65;

    private static final double BYTES_A_MB = 1e6;

    private TopView() {}

    /**
     * @param width most characters in a line
     * @param height most lines
     */
    static List<String> lines(TopInfo top, int width, int height) {
        List<String> lines = new ArrayList<>();
        int names = Math.clamp((long) width - FIGURES_WIDTH, NAME_WIDTH_MIN, NAME_WIDTH_MAX);
        lines.add("REACTOR       CPU     BUSY     IDLE   ASLEEP");
        for (ReactorLoad reactor : top.reactors()) {
            lines.add("%-12s %4s %8s %8s %8s"
                    .formatted(
                            cut(reactor.name(), 12),
                            reactor.cpu() < 0 ? "any" : String.valueOf(reactor.cpu()),
                            ReactorCommand.percent(reactor.busyPercent()),
                            ReactorCommand.percent(reactor.idlePercent()),
                            ReactorCommand.percent(reactor.asleepPercent())));
        }
        lines.add("");
        lines.add(pad("VNVME", names)
                + COLUMNS.formatted("READ/s", "WRITE/s", "READ MB/s", "WRIT MB/s", "DEPTH", "P50 us", "P99 us"));
        List<VnvmeLoad> sorted = new ArrayList<>(top.vnvmes());
        sorted.sort(Comparator.comparingDouble((VnvmeLoad v) -> -v.total().iops()));
        int room = Math.max(1, height - lines.size());
        boolean all = sorted.size() <= room;
        sorted.stream().limit(all ? room : room - 1).forEach(vnvme -> lines.add(line(vnvme, names)));
        if (!all) {
            lines.add("and %d more that do less".formatted(sorted.size() - room + 1));
        }
        if (sorted.isEmpty()) {
            lines.add("no vNVMes: make one with 'vnvme create NAME --size 20G'");
        }
        return lines.stream().map(line -> cut(line.stripTrailing(), width)).toList();
    }

    private static String line(VnvmeLoad vnvme, int names) {
        return pad(vnvme.name(), names)
                + COLUMNS.formatted(
                        count(vnvme.reads().iops()),
                        count(vnvme.writes().iops()),
                        decimal(vnvme.reads().bytesPerSecond() / BYTES_A_MB),
                        decimal(vnvme.writes().bytesPerSecond() / BYTES_A_MB),
                        decimal(vnvme.queueDepth()),
                        latency(vnvme.total().p50Us()),
                        latency(vnvme.total().p99Us()));
    }

    private static String pad(String name, int width) {
        return cut(name, width) + " ".repeat(Math.max(0, width - name.length()));
    }

    private static String cut(String text, int width) {
        return text.length() <= width ? text : text.substring(0, Math.max(0, width - 1)) + "…";
    }

    private static String count(double value) {
        return value < 10_000_000
                ? String.format(Locale.ROOT, "%.0f", value)
                : String.format(Locale.ROOT, "%.2f M", value / 1e6);
    }

    private static String decimal(double value) {
        return value == 0 ? "0" : String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value);
    }

    private static String latency(double us) {
        return us == 0 ? "-" : String.format(Locale.ROOT, us < 100 ? "%.2f" : "%.0f", us);
    }
}
