package io.vnvme.control.cli;

import io.vnvme.control.model.DetachFromVm;
import io.vnvme.control.model.DetachVnvme;
import io.vnvme.control.model.VnvmeChange;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "detach", description = "Take a virtual NVMe drive out of its VM, and wait until the guest let go.")
final class DetachCommand extends ClientCommand {
    @Parameters(paramLabel = "NAME", description = "the vNVMe")
    private String name = "";

    @Option(
            names = "--vm",
            paramLabel = "VM",
            description = "only out of the VM of that name (default: out of the one that has it)")
    private @Nullable String vm;

    @Option(names = "--force", description = "do not wait for the guest: what it has in flight fails")
    private boolean force;

    @Option(
            names = "--wait",
            paramLabel = "SECONDS",
            description = "how long to wait for the guest to let go (default: 30)")
    private @Nullable Integer waitSeconds;

    @Override
    protected void run(ApiClient client) {
        Integer waitMs = waitSeconds == null ? null : Integer.valueOf(Math.multiplyExact(waitSeconds, 1000));
        String reply = vm == null
                ? client.post("/api/v1/vnvmes/%s/detach".formatted(encoded(name)), new DetachVnvme(force, waitMs))
                : client.post("/api/v1/vms/%s/detach".formatted(encoded(vm)), new DetachFromVm(name, force, waitMs));
        if (json()) {
            print(reply);
            return;
        }
        VnvmeChange change = client.read(reply, VnvmeChange.class);
        print("%s (%s)".formatted(change.outcome(), duration(change.micros())));
        change.warnings().forEach(this::warn);
    }
}
