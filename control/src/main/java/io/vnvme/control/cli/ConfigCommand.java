package io.vnvme.control.cli;

import io.vnvme.control.config.ConfigException;
import io.vnvme.control.config.ConfigFile;
import io.vnvme.control.config.SettingsDraft;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "config",
        description = "The daemon's configuration file.",
        subcommands = {ConfigCommand.Check.class, ConfigCommand.Sample.class})
final class ConfigCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: check or sample");
    }

    /** All that is wrong, a line each. */
    static CliException failure(ConfigException e) {
        return new CliException(String.join("\nvnvme: ", e.problems()), e);
    }

    @Command(
            name = "check",
            description = "Say what is wrong in a configuration file, with lines; no daemon is asked or started.")
    static final class Check implements Runnable {
        @Parameters(
                paramLabel = "FILE",
                arity = "0..1",
                defaultValue = "/etc/vnvme/vnvme.toml",
                description = "the file (default: ${DEFAULT-VALUE})")
        private Path file = ConfigFile.DEFAULT;

        @Spec
        private CommandSpec spec = CommandSpec.create();

        @Override
        public void run() {
            try {
                ConfigFile.read(file).applyTo(new SettingsDraft());
            } catch (ConfigException e) {
                throw failure(e);
            }
            spec.commandLine().getOut().println(file + ": a daemon can start with it");
            spec.commandLine().getOut().flush();
        }
    }

    @Command(name = "sample", description = "Print a configuration file with every setting, its meaning and default.")
    static final class Sample implements Runnable {
        @Spec
        private CommandSpec spec = CommandSpec.create();

        @Override
        public void run() {
            spec.commandLine().getOut().print(text());
            spec.commandLine().getOut().flush();
        }

        static String text() {
            try (InputStream sample = ConfigFile.class.getResourceAsStream("vnvme.toml")) {
                return new String(
                        Objects.requireNonNull(sample, "the sample is packed with the program")
                                .readAllBytes(),
                        StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
