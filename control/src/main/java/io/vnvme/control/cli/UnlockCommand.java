package io.vnvme.control.cli;

import io.vnvme.control.model.KeySource;
import io.vnvme.control.model.UnlockVnvme;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "unlock", description = "Open an encrypted virtual NVMe drive whose key is not there.")
final class UnlockCommand extends ClientCommand {
    @Parameters(paramLabel = "NAME", description = "the vNVMe")
    private String name = "";

    @Option(
            names = "--key-file",
            paramLabel = "FILE",
            description = "its key file (default: a passphrase that is asked for, or read from the input)")
    private @Nullable Path keyFile;

    @Override
    protected void run(ApiClient client) {
        Path file = keyFile;
        KeySource key = file == null ? new KeySource(null, Passphrase.ask(false)) : new KeySource(absolute(file), null);
        String reply = client.post("/api/v1/vnvmes/%s/unlock".formatted(encoded(name)), new UnlockVnvme(key));
        print(json() ? reply : "%s is open".formatted(name));
    }
}
