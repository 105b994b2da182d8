package io.vnvme.control.cli;

import io.vnvme.control.model.AttachVnvme;
import io.vnvme.control.model.VnvmeChange;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "attach", description = "Plug a virtual NVMe drive into a running VM.")
final class AttachCommand extends ClientCommand {
    @Parameters(paramLabel = "NAME", description = "the vNVMe")
    private String name = "";

    @ArgGroup(multiplicity = "1")
    private Target target = new Target();

    /** The VM, one way or the other. */
    private static final class Target {
        @Option(
                names = "--vm",
                paramLabel = "VM",
                description = "the VM's name: a domain of libvirt, or a VM of 'vnvme vm ls'")
        private @Nullable String vm;

        @Option(
                names = "--qmp",
                paramLabel = "SOCKET",
                description = "the VM's QMP socket: QEMU's -qmp unix:SOCKET,server=on,wait=off")
        private @Nullable Path qmp;
    }

    @Option(
            names = "--force-slow",
            description = "also when the VM's memory is not shared: every byte then goes through messages")
    private boolean forceSlow;

    @Option(
            names = "--wait",
            paramLabel = "SECONDS",
            description = "how long to wait for the guest to start the drive (default: 10)")
    private @Nullable Integer waitSeconds;

    @Override
    protected void run(ApiClient client) {
        String socket = target.qmp == null ? null : absolute(target.qmp);
        AttachVnvme request = new AttachVnvme(target.vm, socket, forceSlow, millis(waitSeconds));
        String reply = client.post("/api/v1/vnvmes/%s/attach".formatted(encoded(name)), request);
        if (json()) {
            print(reply);
            return;
        }
        VnvmeChange change = client.read(reply, VnvmeChange.class);
        print("%s (%s)".formatted(change.outcome(), duration(change.micros())));
        change.warnings().forEach(this::warn);
    }

    private static @Nullable Integer millis(@Nullable Integer seconds) {
        return seconds == null ? null : Math.multiplyExact(seconds, 1000);
    }
}
