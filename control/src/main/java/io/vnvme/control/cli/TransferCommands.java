package io.vnvme.control.cli;

import io.vnvme.control.model.ExportVolume;
import io.vnvme.control.model.ImportVolume;
import io.vnvme.control.model.KeySource;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands that copy volumes to and from files. */
final class TransferCommands {
    private TransferCommands() {}

    @Command(name = "export", description = "Copy a virtual NVMe drive as it is now, or a snapshot, into a file.")
    static final class Export extends JobCommand {
        @Parameters(index = "0", paramLabel = "NAME[@SNAPSHOT]", description = "the vNVMe or snapshot")
        private String source = "";

        @Parameters(index = "1", paramLabel = "FILE", description = "on the daemon's host; must not be there")
        private Path file = Path.of("");

        @Option(
                names = "--format",
                paramLabel = "FORMAT",
                description = "raw or qcow2 (default: qcow2 for a FILE that ends with .qcow2, else raw)")
        private @Nullable String format;

        @Option(
                names = "--key-file",
                paramLabel = "FILE",
                description = "the key file of an encrypted one: what is exported is not encrypted")
        private @Nullable Path keyFile;

        @Option(
                names = "--passphrase",
                description = "the same by its passphrase, which is asked for, or read from the input")
        private boolean passphrase;

        @Override
        String start(ApiClient client) {
            Path keys = keyFile;
            KeySource key = keys != null
                    ? new KeySource(absolute(keys), null)
                    : passphrase ? new KeySource(null, Passphrase.ask(false)) : null;
            return client.post("/api/v1/vnvmes/export", new ExportVolume(source, absolute(file), format, key));
        }
    }

    @Command(name = "import", description = "Create a virtual NVMe drive with the content of a file.")
    static final class Import extends JobCommand {
        @Parameters(index = "0", paramLabel = "FILE", description = "on the daemon's host: raw, or what qemu-img reads")
        private Path file = Path.of("");

        @Parameters(index = "1", paramLabel = "NAME", description = "name of the vNVMe")
        private String name = "";

        @Option(names = "--format", paramLabel = "FORMAT", description = "raw, qcow2, vmdk ... (default: told from it)")
        private @Nullable String format;

        @Option(
                names = "--size",
                paramLabel = "SIZE",
                converter = SizeConverter.class,
                description = "capacity (default: the image's)")
        private long sizeBytes;

        @Mixin
        private VolumeOptions options = new VolumeOptions();

        @Mixin
        private KeyOptions key = new KeyOptions();

        @Override
        String start(ApiClient client) {
            return client.post(
                    "/api/v1/vnvmes/import",
                    new ImportVolume(absolute(file), format, options.request(name, sizeBytes, key.source(true))));
        }
    }
}
