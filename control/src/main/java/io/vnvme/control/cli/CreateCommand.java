package io.vnvme.control.cli;

import io.vnvme.control.model.VnvmeChange;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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

    @Mixin
    private VolumeOptions options = new VolumeOptions();

    @Mixin
    private KeyOptions key = new KeyOptions();

    @Override
    protected void run(ApiClient client) {
        String reply = client.post("/api/v1/vnvmes", options.request(name, sizeBytes, key.source(true)));
        if (json()) {
            print(reply);
            return;
        }
        VnvmeChange change = client.read(reply, VnvmeChange.class);
        print("%s (%s)".formatted(change.outcome(), duration(change.micros())));
    }
}
