package io.vnvme.control.cli;

import io.vnvme.control.model.EventInfo;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.SystemInfo;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Command;

@Command(
        name = "upgrade",
        description =
                "Have the daemon that is installed now take the place of the one that serves, while guests use their drives.",
        footer = {
            "The new one starts beside the old one and looks whether it can go on with all that is in use; the old one ends",
            "when the new one stands by. If that does not serve within 5 seconds, one of the version from before does."
        })
final class UpgradeCommand extends ClientCommand {
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final int PAUSE_MS = 50;

    @Override
    protected void run(ApiClient client) {
        SystemInfo before = system(client);
        if (!json()) {
            print("starting the daemon that is installed now ...");
        }
        try {
            client.post("/api/v1/system/upgrade");
        } catch (NoAnswerException e) {
            // It may have ended for its successor before all of the answer was out: what came of it is found below.
            if (!json()) {
                print("the daemon has not answered; looking who serves ...");
            }
        }
        EventInfo outcome = awaitOutcome(client, before.lastEvent());
        if (outcome.kind().equals(EventKind.UPGRADE_FAILED.text())) {
            throw new CliException(outcome.text() + ": see the daemon's log");
        }
        SystemInfo now = system(client);
        print(
                json()
                        ? client.get("/api/v1/system")
                        : "vnvme %s, process %d, serves; before: vnvme %s, process %d"
                                .formatted(now.version(), now.pid(), before.version(), before.pid()));
    }

    private static SystemInfo system(ApiClient client) {
        return client.read(client.get("/api/v1/system"), SystemInfo.class);
    }

    /** Between the end of one daemon and the other's serving nobody answers. */
    private static EventInfo awaitOutcome(ApiClient client, long last) {
        long deadlineNs = System.nanoTime() + LIMIT.toNanos();
        CliException silence = new CliException("the new daemon has not said how it came to serve");
        while (System.nanoTime() < deadlineNs) {
            try {
                Optional<EventInfo> told =
                        client.readList(client.get("/api/v1/events?after=" + last), EventInfo.class).stream()
                                .filter(event -> event.kind().equals(EventKind.UPGRADED.text())
                                        || event.kind().equals(EventKind.UPGRADE_FAILED.text()))
                                .findFirst();
                if (told.isPresent()) {
                    return told.get();
                }
            } catch (CliException e) {
                silence = e;
            }
            pause();
        }
        throw new CliException(
                "no daemon has said within %d s that it serves: see the log of the service"
                        .formatted(LIMIT.toSeconds()),
                silence);
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CliException("interrupted: 'vnvme status' says who serves", e);
        }
    }
}
