package io.vnvme.control.cli;

import io.vnvme.control.model.EventInfo;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "events",
        description = {"Show what happened.", "'vnvme explain EVENT' says what one means and what to do."})
final class EventsCommand extends ClientCommand {
    private static final int WAIT_MS = 30_000;

    @Option(names = "--after", paramLabel = "N", description = "only those with a larger number")
    private long after;

    @Option(names = "--follow", description = "wait for more")
    private boolean follow;

    private static String line(EventInfo event) {
        return "%d  %s  %-7s  %s: %s%s"
                .formatted(
                        event.number(),
                        event.at(),
                        event.severity(),
                        event.kind(),
                        event.text(),
                        event.count() == 1 ? "" : " (%d times)".formatted(event.count()));
    }

    @Override
    protected void run(ApiClient client) {
        long last = after;
        do {
            String reply = client.get("/api/v1/events?after=%d%s".formatted(last, follow ? "&waitMs=" + WAIT_MS : ""));
            List<EventInfo> events = client.readList(reply, EventInfo.class);
            if (json()) {
                print(reply);
            } else {
                events.forEach(e -> print(line(e)));
            }
            last = events.isEmpty() ? last : events.getLast().number();
            if (!follow && !json() && events.isEmpty()) {
                print("no events" + (after == 0 ? "" : " after " + after));
            }
        } while (follow);
    }
}
