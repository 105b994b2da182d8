package io.vnvme.control.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The terminal as one page that is drawn again and again: its other screen, no cursor, no echo. However the program ends,
 * the terminal is as it was before.
 */
final class Screen implements AutoCloseable {
    private static final String OPEN = "\033[?1049h\033[?25l";
    private static final String CLOSE = "\033[?25h\033[?1049l";
    private static final String HOME = "\033[H";
    private static final String LINE_END = "\033[K\r\n";
    private static final String REST = "\033[J";

    private final PrintStream out;
    private final String settings;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Screen(PrintStream out, String settings) {
        this.out = out;
        this.settings = settings;
    }

    /** @throws CliException when there is no terminal that can be set */
    static Screen open() {
        String settings = stty("-g");
        Screen screen = new Screen(new PrintStream(System.out, false, StandardCharsets.UTF_8), settings);
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(screen::restore));
        stty("-icanon", "-echo", "min", "1", "time", "0");
        screen.print(OPEN);
        return screen;
    }

    private void print(String text) {
        out.print(text);
        out.flush();
    }

    /** Draws lines over what was there; one more than the terminal has would make it scroll. */
    void draw(List<String> lines) {
        StringBuilder page = new StringBuilder(HOME);
        for (int i = 0; i < lines.size(); i++) {
            page.append(lines.get(i)).append(i < lines.size() - 1 ? LINE_END : "\033[K");
        }
        print(page.append(REST).toString());
    }

    private void restore() {
        if (closed.compareAndSet(false, true)) {
            print(CLOSE);
            stty(settings);
        }
    }

    @Override
    public void close() {
        restore();
    }

    private static String stty(String... arguments) {
        List<String> command = new ArrayList<>(List.of("stty"));
        command.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectInput(Redirect.from(Path.of("/dev/tty").toFile()))
                    .redirectError(Redirect.DISCARD)
                    .start();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            throw new CliException("the terminal cannot be set (%s): use --once".formatted(e.getMessage()), e);
        }
    }
}
