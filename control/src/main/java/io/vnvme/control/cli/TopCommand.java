package io.vnvme.control.cli;

import io.vnvme.control.model.TopInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "top",
        description = "Show what reactors and vNVMes do, live; q ends it.",
        footer = {
            "DEPTH is the average number of commands in the daemon. Latencies are the daemon's: from the look that found a",
            "command in its queue to the end of the pass that completed it."
        })
final class TopCommand extends ClientCommand {
    private static final double SECONDS_MIN = 0.01;
    private static final double SECONDS_MAX = 60;

    @Option(names = "--once", description = "show one interval and end")
    private boolean once;

    @Option(
            names = "--interval",
            paramLabel = "SECONDS",
            defaultValue = "1",
            description = "length of an interval (default: ${DEFAULT-VALUE})")
    private double seconds = 1;

    @Override
    protected void run(ApiClient client) {
        if (!(seconds >= SECONDS_MIN && seconds <= SECONDS_MAX)) {
            throw usage("an interval of %s s: it is 0.01 to 60".formatted(seconds));
        }
        String path = "/api/v1/top?intervalMs=" + Math.round(seconds * 1000);
        if (!once && !json() && Terminal.isTerminal() && Terminal.isInputTerminal()) {
            live(client, path);
            return;
        }
        do {
            String reply = client.get(path);
            if (json()) {
                print(reply);
            } else {
                TopInfo top = client.read(reply, TopInfo.class);
                print(String.join("\n", TopView.lines(top, Terminal.width(), Integer.MAX_VALUE)) + (once ? "" : "\n"));
            }
        } while (!once);
    }

    private void live(ApiClient client, String path) {
        // The first look comes before the screen changes: what is wrong then is said where it can be read.
        TopInfo top = client.read(client.get("/api/v1/top?intervalMs=100"), TopInfo.class);
        try (Screen screen = Screen.open()) {
            Thread.ofVirtual().start(Watch::endOnKey);
            while (true) {
                Terminal.Size size = Terminal.size();
                List<String> lines = new ArrayList<>();
                lines.add(head(top, size.columns()));
                lines.add("");
                lines.addAll(TopView.lines(top, size.columns(), size.rows() - 2));
                screen.draw(lines.subList(0, Math.min(lines.size(), size.rows())));
                top = client.read(client.get(path), TopInfo.class);
            }
        }
    }

    private static String head(TopInfo top, int width) {
        String line = String.format(
                Locale.ROOT,
                "vnvme top  %s UTC  %d vNVMes  over %.1f s  q ends",
                top.at().substring(11, 19),
                top.vnvmes().size(),
                top.seconds());
        return line.length() <= width ? line : line.substring(0, width);
    }
}
