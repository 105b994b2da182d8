package io.vnvme.control.cli;

import io.vnvme.control.model.VnvmeInfo;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "rm", description = "Remove a virtual NVMe drive that nobody uses, and all that was written to it.")
final class RemoveCommand extends ClientCommand {
    @Parameters(paramLabel = "NAME", description = "the vNVMe")
    private String name = "";

    @Override
    void run(ApiClient client) {
        String reply = client.delete("/api/v1/vnvmes/" + encoded(name));
        print(json() ? reply : "removed " + client.read(reply, VnvmeInfo.class).name());
    }
}
