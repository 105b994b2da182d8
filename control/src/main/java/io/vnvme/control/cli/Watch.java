package io.vnvme.control.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Shows something again when the daemon says that anything has changed. What it does not tell of - how much space a single
 * volume takes - is looked at every few seconds.
 */
final class Watch {
    private static final long LOOK_SECONDS = 5;
    /** What changes together is shown together. */
    private static final long GATHER_MS = 100;

    private static final int CTRL_D = 4;

    private final ApiClient client;
    private final Semaphore changes = new Semaphore(0);

    private Watch(ApiClient client) {
        this.client = client;
        Thread.ofVirtual().start(this::follow);
    }

    /** Draws pages on the terminal until its user ends it. */
    static void onScreen(ApiClient client, Function<Terminal.Size, String> page) {
        Watch watch = new Watch(client);
        try (Screen screen = Screen.open()) {
            Thread.ofVirtual().start(Watch::endOnKey);
            while (true) {
                Terminal.Size size = Terminal.size();
                List<String> lines = page.apply(size).lines().toList();
                screen.draw(lines.subList(0, Math.min(lines.size(), size.rows())));
                watch.await();
            }
        }
    }

    /** Writes a page whenever it is another one, until nobody reads or the daemon is gone. */
    static void inLines(ApiClient client, Supplier<String> page, Consumer<String> out) {
        Watch watch = new Watch(client);
        String last = "";
        while (true) {
            String now = page.get();
            if (!now.equals(last)) {
                out.accept(now);
                last = now;
            }
            watch.await();
        }
    }

    private void follow() {
        try {
            client.follow("/api/v1/changes", line -> {
                if (line.startsWith("event:")) {
                    changes.release();
                }
            });
        } catch (CliException e) {
            // Whoever asks for the next page hears of it.
            changes.release();
        }
    }

    private void await() {
        try {
            if (changes.tryAcquire(LOOK_SECONDS, TimeUnit.SECONDS)) {
                Thread.sleep(GATHER_MS);
                changes.drainPermits();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CliException("interrupted", e);
        }
    }

    /** The screen is put back by its hook. */
    static void endOnKey() {
        try {
            int key = System.in.read();
            while (key >= 0 && key != 'q' && key != 'Q' && key != CTRL_D) {
                key = System.in.read();
            }
            System.exit(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
