package io.vnvme.control.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "rm",
        description = "Remove a virtual NVMe drive that nobody uses, or a snapshot; what others need of it stays.")
final class RemoveCommand extends ClientCommand {
    @Parameters(paramLabel = "NAME|NAME@SNAPSHOT", description = "the vNVMe, whose snapshots stay, or the snapshot")
    private String name = "";

    @Override
    protected void run(ApiClient client) {
        String collection = name.contains("@") ? "snapshots" : "vnvmes";
        String reply = client.delete("/api/v1/%s/%s".formatted(collection, encoded(name)));
        print(json() ? reply : "removed " + name);
    }
}
