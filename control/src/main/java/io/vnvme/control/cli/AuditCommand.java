package io.vnvme.control.cli;

import io.vnvme.control.model.AuditInfo;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "audit", description = "Show who changed what.")
final class AuditCommand extends ClientCommand {
    @Option(names = "--after", paramLabel = "N", description = "only those with a larger number")
    private long after;

    @Override
    protected void run(ApiClient client) {
        long last = after;
        List<AuditInfo> entries;
        boolean any = false;
        do {
            String reply = client.get("/api/v1/audit?after=" + last);
            entries = client.readList(reply, AuditInfo.class);
            if (json()) {
                print(reply);
                return;
            }
            entries.forEach(e -> print("%d  %s  %s%s  %s  %s"
                    .formatted(
                            e.number(),
                            e.at(),
                            e.who(),
                            e.from().equals("-") ? "" : " from " + e.from(),
                            e.status() == null ? "(no answer)" : e.status(),
                            e.what())));
            any |= !entries.isEmpty();
            last = entries.isEmpty() ? last : entries.getLast().number();
        } while (!entries.isEmpty());
        if (!any) {
            print("nothing was changed" + (after == 0 ? "" : " after " + after));
        }
    }
}
