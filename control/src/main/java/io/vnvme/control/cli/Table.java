package io.vnvme.control.cli;

import java.util.ArrayList;
import java.util.List;

/** Rows under headings, in columns as wide as they must be; the last column is cut where the terminal ends. */
final class Table {
    private static final String GAP = "  ";

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
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                line.append(i == 0 ? "" : GAP).append(row.get(i));
                line.repeat(' ', i == columns - 1 ? 0 : widths[i] - row.get(i).length());
            }
            text.append(cut(line.toString().stripTrailing(), width)).append('\n');
        }
        return text.toString();
    }

    private static String cut(String line, int width) {
        return line.length() <= width ? line : line.substring(0, Math.max(width - 1, 0)) + "…";
    }
}
