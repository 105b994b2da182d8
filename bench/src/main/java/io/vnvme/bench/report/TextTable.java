package io.vnvme.bench.report;

import io.vnvme.bench.load.Workload;
import java.util.Locale;
import java.util.Optional;

/** The figures as a table for a terminal of 100 columns. */
public final class TextTable {
    private static final String BOLD = "\u001b[1m";
    private static final String PLAIN = "\u001b[0m";
    private static final int NAME_WIDTH = 27;
    private static final int COLUMN_WIDTH = 8;
    private static final int COLUMNS = 4;
    private static final int GAP = 3;
    private static final int WIDTH = NAME_WIDTH + 2 * (COLUMNS * COLUMN_WIDTH + GAP);

    private final StringBuilder text = new StringBuilder();
    private final Results results;
    private final boolean colour;

    private TextTable(Results results, boolean colour) {
        this.results = results;
        this.colour = colour;
    }

    /**
     * The table, ended by a newline.
     *
     * @param colour whether escape sequences may mark what matters
     */
    public static String of(Results results, boolean colour) {
        return new TextTable(results, colour).build();
    }

    private String build() {
        rule("\u2501");
        line(pad("4 KiB, queue depth 64", NAME_WIDTH) + heading("random read") + heading("random write"));
        String columns = " ".repeat(GAP) + right("IOPS") + right("p50 us") + right("p99 us") + right("CPU us");
        line(" ".repeat(NAME_WIDTH) + columns + columns);
        section(Where.HOST, "On the host: a polled client on one core, the drive's server on another");
        rule("\u2500");
        ratio("vNVMe / bare (goal: 1)", results.ratios().vnvmeToBare());
        ratio("vNVMe / legacy (goal: > 2)", results.ratios().vnvmeToLegacy());
        section(Where.GUEST, "In the guest: fio; " + Words.guestCaption(results));
        rule("\u2501");
        if (!Words.disturbance(results).isEmpty()) {
            line(Words.disturbance(results));
        }
        return text.toString();
    }

    private void section(Where where, String title) {
        rule("\u2500");
        line(title);
        for (Way way : Way.values()) {
            Optional<Figure> read = results.figure(where, way, Workload.RANDREAD);
            Optional<Figure> write = results.figure(where, way, Workload.RANDWRITE);
            if (read.isPresent() || write.isPresent()) {
                String row = pad("  " + way.title(), NAME_WIDTH) + cells(read) + cells(write);
                line(way == Way.VNVME ? bold(row) : row);
            }
        }
    }

    private static String cells(Optional<Figure> figure) {
        return " ".repeat(GAP)
                + figure.map(f -> right(Units.rate(f.iops()))
                                + right(Units.digits(f.p50Us()))
                                + right(Units.digits(f.p99Us()))
                                + right(f.cpuUsPerIo() > 0 ? Units.digits(f.cpuUsPerIo()) : "-"))
                        .orElse(right("-").repeat(COLUMNS));
    }

    private void ratio(String name, Ratios.Pair pair) {
        String row = pad("  " + name, NAME_WIDTH) + ratioCell(pair.randread()) + ratioCell(pair.randwrite());
        line(bold(row));
    }

    private static String ratioCell(Ratio ratio) {
        String cell = " ".repeat(GAP) + right(Units.ratio(ratio.median())) + "  (" + Units.ratio(ratio.low()) + " to "
                + Units.ratio(ratio.high()) + ")";
        return pad(cell, GAP + COLUMNS * COLUMN_WIDTH);
    }

    private static String heading(String title) {
        return String.format(Locale.ROOT, "%" + (GAP + COLUMNS * COLUMN_WIDTH) + "s", title);
    }

    private void rule(String dash) {
        line(dash.repeat(WIDTH));
    }

    private String bold(String row) {
        return colour ? BOLD + row + PLAIN : row;
    }

    private void line(String row) {
        text.append(row.stripTrailing()).append('\n');
    }

    private static String pad(String value, int width) {
        return value.length() >= width ? value : value + " ".repeat(width - value.length());
    }

    private static String right(String value) {
        return " ".repeat(Math.max(0, COLUMN_WIDTH - value.length())) + value;
    }
}
