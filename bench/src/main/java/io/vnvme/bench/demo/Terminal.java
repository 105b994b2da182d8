package io.vnvme.bench.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The terminal in front of the person who started the demo. */
final class Terminal {
    private static final int USUAL_COLUMNS = 80;
    private static final Pattern SIZE = Pattern.compile("(\\d+) (\\d+)");

    private Terminal() {}

    /** Its columns; the usual 80 when it does not say. */
    static int width() {
        try {
            Process stty = new ProcessBuilder("stty", "size")
                    .redirectInput(ProcessBuilder.Redirect.INHERIT)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String answer = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            Matcher size = SIZE.matcher(answer.strip());
            int columns = size.matches() ? Integer.parseInt(size.group(2)) : 0;
            return columns > 0 ? columns : USUAL_COLUMNS;
        } catch (IOException e) {
            // No stty: then nobody knows better.
            return USUAL_COLUMNS;
        }
    }
}
