package io.vnvme.control.cli;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the output goes. */
final class Terminal {
    private static final int HEIGHT_DEFAULT = 24;
    private static final String SIZE_DEFAULT = HEIGHT_DEFAULT + " 80";

    private Terminal() {}

    /** Characters in a line; without limit when the output is no terminal. */
    static int width() {
        if (!isTerminal()) {
            return Integer.MAX_VALUE;
        }
        String columns = System.getenv("COLUMNS");
        return columns != null && columns.matches("[1-9]\\d{0,3}") ? Integer.parseInt(columns) : asked();
    }

    /** System.console() knows as well, but loads a line editor to say so. */
    static boolean isTerminal() {
        return isTerminal(1);
    }

    /** Whether somebody can answer a question. */
    static boolean isInputTerminal() {
        return isTerminal(0);
    }

    private static boolean isTerminal(int fd) {
        try {
            String target =
                    Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
        } catch (IOException e) {
            return false; // closed, or no /proc: then nobody looks
        }
    }

    /** Of a terminal, in characters. */
    record Size(int columns, int rows) {}

    /** The terminal's size now; the usual one when it does not say. */
    static Size size() {
        String[] answer = stty().split(" ", -1);
        int rows = Integer.parseInt(answer[0]);
        return new Size(Integer.parseInt(answer[1]), rows > 0 ? rows : HEIGHT_DEFAULT);
    }

    private static int asked() {
        return size().columns();
    }

    /** Rows and columns. */
    private static String stty() {
        try {
            Process stty = new ProcessBuilder("stty", "size")
                    .redirectInput(Redirect.from(Path.of("/dev/tty").toFile()))
                    .redirectError(Redirect.DISCARD)
                    .start();
            String answer = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            return answer.matches("\\d+ [1-9]\\d*") ? answer : SIZE_DEFAULT;
        } catch (IOException e) {
            return SIZE_DEFAULT; // no stty, or no terminal to ask
        }
    }
}
