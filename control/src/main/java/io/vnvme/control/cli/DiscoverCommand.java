package io.vnvme.control.cli;

import io.vnvme.control.model.Discover;
import io.vnvme.control.model.DiscoveredInfo;
import io.vnvme.control.model.DiscoveryInfo;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "discover",
        description = "Ask another machine over NVMe/TCP which of its namespaces may be claimed here.")
final class DiscoverCommand extends ClientCommand {
    @Parameters(
            paramLabel = "HOST[:PORT]",
            description = "where; without a port 8009, and 4420 when nobody answers there")
    private String address = "";

    @Override
    protected void run(ApiClient client) {
        String reply = client.post("/api/v1/drives/discover", new Discover(address));
        if (json()) {
            print(reply);
            return;
        }
        DiscoveryInfo found = client.read(reply, DiscoveryInfo.class);
        if (found.subsystems().isEmpty()) {
            print("%s has nothing for this host: let it allow %s".formatted(found.address(), found.hostNqn()));
            return;
        }
        Table table = new Table("SUBSYSTEM", "KIND", "TRANSPORT", "ADDRESS");
        for (DiscoveredInfo subsystem : found.subsystems()) {
            table.row(
                    subsystem.subsystemNqn(),
                    subsystem.kind(),
                    subsystem.transport(),
                    subsystem.service().isEmpty()
                            ? subsystem.address()
                            : subsystem.address() + ":" + subsystem.service());
        }
        print(table);
        found.subsystems().stream()
                .filter(s -> s.spec() != null)
                .findFirst()
                .ifPresent(s -> print("claim one: vnvme drive claim '%s'%s"
                        .formatted(s.spec(), String.valueOf(s.spec()).endsWith("?tls=1") ? " --tls FILE" : "")));
    }
}
