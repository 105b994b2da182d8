package io.vnvme.control.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "rm",
        description = "Remove a virtual NVMe drive that nobody uses, or a snapshot; what others need of it stays.")
final class RemoveCommand extends ClientCommand {
    @Parameters(paramLabel = "NAME|NAME@SNAPSHOT", description = "the vNVMe, whose snapshots stay, or the snapshot")
    private String name = "";

    @Option(names = "--yes", description = "do not ask; nobody is asked either where there is no terminal")
    private boolean yes;

    @Override
    protected void run(ApiClient client) {
        if (!yes) {
            confirmOfPerson("this removes %s and what nothing else keeps of its data".formatted(name));
        }
        String collection = name.contains("@") ? "snapshots" : "vnvmes";
        String reply = client.delete("/api/v1/%s/%s".formatted(collection, encoded(name)));
        print(json() ? reply : "removed " + name);
    }
}
