package io.vnvme.control.cli;

import io.vnvme.control.model.KeySource;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What encrypts a new vNVMe, or opens one. */
final class KeyOptions {
    @Option(
            names = "--encrypt",
            description = "encrypt it; without --key-file by a passphrase that is asked for, or read from the input")
    private boolean encrypt;

    @Option(
            names = "--key-file",
            paramLabel = "FILE",
            description = "at least 32 bytes that open it; the daemon reads the file again at each start")
    private @Nullable Path keyFile;

    /** @param twice ask for a new passphrase two times */
    @Nullable
    KeySource source(boolean twice) {
        Path file = keyFile;
        if (file != null) {
            return new KeySource(ClientCommand.absolute(file), null);
        }
        return encrypt ? new KeySource(null, Passphrase.ask(twice)) : null;
    }
}
