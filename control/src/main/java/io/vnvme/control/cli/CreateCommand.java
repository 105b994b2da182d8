package io.vnvme.control.cli;

import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.VnvmeChange;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "create", description = "Create a virtual NVMe drive.")
final class CreateCommand extends ClientCommand {
    @Parameters(paramLabel = "NAME", description = "its name")
    private String name = "";

    @Option(
            names = "--size",
            required = true,
            paramLabel = "SIZE",
            converter = SizeConverter.class,
            description = "capacity, such as 512M, 20G or 1T (powers of 1024)")
    private long sizeBytes;

    @Option(
            names = "--drive",
            paramLabel = "DRIVE",
            description = "the claimed drive to lie on (default: the one with the most free space)")
    private @Nullable String drive;

    @Option(
            names = "--msi",
            description =
                    "MSI instead of MSI-X: every QEMU can unplug it, but a Linux guest without vIOMMU uses one queue")
    private boolean msi;

    @Option(names = "--block-size", paramLabel = "BYTES", description = "logical block size: 512 (default) or 4096")
    private @Nullable Integer blockSizeBytes;

    @Override
    void run(ApiClient client) {
        String reply = client.post("/api/v1/vnvmes", new CreateVnvme(name, sizeBytes, drive, msi, blockSizeBytes));
        if (json()) {
            print(reply);
            return;
        }
        VnvmeChange change = client.read(reply, VnvmeChange.class);
        print("%s (%s)".formatted(change.outcome(), duration(change.micros())));
    }
}
