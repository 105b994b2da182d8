package io.vnvme.control.cli;

import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** Asks for a passphrase: on the terminal without showing it, else from the first line of the input. */
final class Passphrase {
    private Passphrase() {}

    static String ask(boolean twice) {
        Console console = Terminal.isInputTerminal() ? System.console() : null;
        if (console == null) {
            try {
                String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
                if (line == null) {
                    throw new CliException("no passphrase: give one on the input, or name a --key-file");
                }
                return line;
            } catch (IOException e) {
                throw new CliException("no passphrase: %s".formatted(e.getMessage()), e);
            }
        }
        String first = new String(console.readPassword("passphrase: "));
        if (twice && !first.equals(new String(console.readPassword("once more: ")))) {
            throw new CliException("the passphrases differ: nothing was changed");
        }
        return first;
    }
}
