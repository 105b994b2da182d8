package io.vnvme.control.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows under headings, in columns as wide as they must be; where the terminal is narrower, the widest give way. */
final class Table {
    private static final String GAP = "  ";
    /** Below that nothing can be recognised. */
    private static final int WIDTH_MIN = 6;

    private final List<List<String>> rows = new ArrayList<>();
    private final int columns;

    Table(String... headings) {
        this.columns = headings.length;
        rows.add(List.of(headings));
    }

    void row(String... cells) {
        if (cells.length != columns) {
            throw new IllegalArgumentException("%d cells for %d columns".formatted(cells.length, columns));
        }
        rows.add(List.of(cells));
    }

    /** @param width of the terminal in characters; lines are no longer */
    String text(int width) {
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        fit(widths, width);
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                String cell = cut(row.get(i), widths[i]);
                line.append(i == 0 ? "" : GAP).append(cell);
                line.repeat(' ', i == columns - 1 ? 0 : widths[i] - cell.length());
            }
            text.append(cut(line.toString().stripTrailing(), width)).append('\n');
        }
        return text.toString();
    }

    /** The same without the last line's end. */
    String page(int width) {
        return text(width).stripTrailing();
    }

    /** Takes from the widest columns, evenly, what the terminal does not have; a few characters of each stay. */
    private void fit(int[] widths, int width) {
        long left = width - (long) GAP.length() * (columns - 1);
        while (Arrays.stream(widths).asLongStream().sum() > left) {
            int widest = 0;
            for (int i = 1; i < columns; i++) {
                widest = widths[i] >= widths[widest] ? i : widest;
            }
            if (widths[widest] <= WIDTH_MIN) {
                return;
            }
            widths[widest]--;
        }
    }

    private static String cut(String line, int width) {
        return line.length() <= width ? line : line.substring(0, Math.max(width - 1, 0)) + "…";
    }
}
