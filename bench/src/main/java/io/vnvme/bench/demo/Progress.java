package io.vnvme.bench.demo;

import io.vnvme.bench.report.Step;
import java.io.PrintStream;
import java.util.Locale;

/**
 * Says on the terminal what is going on. On a terminal the current step has one line that changes; elsewhere every
 * piece of news is a line of its own.
 */
final class Progress implements AutoCloseable {
    private static final int TITLE_WIDTH = 33;
    private static final int TIME_WIDTH = 8;
    /** The sign, a blank, and one free column: a full line would wrap on some terminals. */
    private static final int AROUND = 3;

    private static final long TICK_MS = 125;
    private static final double NS_PER_S = 1e9;
    private static final String[] SPINNER = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
    private static final String ERASE = "\r\u001b[K";
    private static final String GREEN = "\u001b[32m";
    private static final String RED = "\u001b[31m";
    private static final String FAINT = "\u001b[2m";
    private static final String PLAIN = "\u001b[0m";

    private final PrintStream out;
    private final boolean live;
    private final int width;
    private final Thread ticker;
    private String title = "";
    private String news = "";
    private long beganNs;
    private boolean running;
    private boolean closed;
    private int frame;

    /** @param width columns of the terminal that {@code out} is; 0 when it is none */
    Progress(PrintStream out, int width) {
        this.out = out;
        this.width = width;
        live = width > 0;
        ticker = Thread.ofPlatform().daemon().name("progress").unstarted(this::tick);
        if (live) {
            ticker.start();
        }
    }

    synchronized void begin(String step) {
        if (closed) {
            return;
        }
        title = step;
        news = "";
        beganNs = System.nanoTime();
        running = true;
        if (live) {
            draw();
        } else {
            line(step + " ...");
        }
    }

    /** What the current step is doing now. */
    synchronized void doing(String words) {
        if (closed) {
            return;
        }
        news = words;
        if (live) {
            draw();
        } else {
            line("    " + words);
        }
    }

    /** Leaves the screen to another program's messages until the step ends. */
    synchronized void stepAside() {
        if (closed) {
            return;
        }
        if (live) {
            out.println(ERASE + "  " + title + " ...");
            out.flush();
            running = false;
        }
    }

    synchronized void end(Step step) {
        if (closed) {
            return;
        }
        running = false;
        String mark = step.ok() ? "✓" : "✗";
        String shown = live ? ERASE + (step.ok() ? GREEN : RED) + mark + PLAIN : mark;
        out.println(shown + " " + head(step.name(), step.seconds()) + step.detail());
        out.flush();
    }

    /** Lines that stay, between the steps or above the current one. */
    synchronized void print(String text) {
        if (closed) {
            return;
        }
        if (live && running) {
            out.print(ERASE);
        }
        out.print(text);
        out.flush();
        if (live && running) {
            draw();
        }
    }

    /** Says nothing more, whatever still goes on. */
    @Override
    public void close() {
        ticker.interrupt();
        synchronized (this) {
            if (live && running) {
                out.print(ERASE);
                out.flush();
            }
            running = false;
            closed = true;
        }
    }

    private void line(String text) {
        out.println(text);
        out.flush();
    }

    private void draw() {
        String text = head(title, (System.nanoTime() - beganNs) / NS_PER_S);
        String rest = news.substring(0, Math.clamp(width - AROUND - text.length(), 0, news.length()));
        out.print(ERASE + SPINNER[frame % SPINNER.length] + " " + text + FAINT + rest + PLAIN);
        out.flush();
    }

    private static String head(String title, double seconds) {
        return String.format(Locale.ROOT, "%-" + TITLE_WIDTH + "s%" + TIME_WIDTH + ".1f s   ", title, seconds);
    }

    private void tick() {
        try {
            while (true) {
                Thread.sleep(TICK_MS);
                synchronized (this) {
                    if (running) {
                        frame++;
                        draw();
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
