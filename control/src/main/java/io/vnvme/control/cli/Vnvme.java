package io.vnvme.control.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The program {@code vnvme}. Exit status: 0 done, 1 failed, 2 wrong usage. */
@Command(
        name = "vnvme",
        description = "Virtual NVMe drives for virtual machines, at the speed of the drive.",
        versionProvider = Vnvme.Version.class,
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        subcommands = {
            DaemonCommand.class,
            StatusCommand.class,
            DriveCommand.class,
            CreateCommand.class,
            ListCommand.class,
            ShowCommand.class,
            RemoveCommand.class,
            AttachCommand.class,
            DetachCommand.class
        })
public final class Vnvme implements Runnable {
    static final String VERSION = version();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"vnvme " + VERSION};
        }
    }

    private static String version() {
        String packaged = Vnvme.class.getPackage().getImplementationVersion();
        return packaged == null ? "0.1.0" : packaged;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do, or ask 'vnvme --help'");
    }

    public static void main(String[] args) {
        System.exit(execute(args));
    }

    /** Runs a command without ending the process. @return its exit status */
    static int execute(String... args) {
        CommandLine commandLine = new CommandLine(new Vnvme());
        commandLine.setOut(new PrintWriter(System.out, false, StandardCharsets.UTF_8));
        commandLine.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        commandLine.setParameterExceptionHandler(Vnvme::wrongUsage);
        commandLine.setExecutionExceptionHandler((e, command, _) -> failed(e, command));
        return commandLine.execute(args);
    }

    private static int wrongUsage(ParameterException e, String... args) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("vnvme: " + e.getMessage());
        err.println("usage: %s"
                .formatted(command.getUsageMessage(CommandLine.Help.Ansi.OFF)
                        .lines()
                        .filter(line -> line.startsWith("Usage: "))
                        .map(line -> line.substring("Usage: ".length()))
                        .findFirst()
                        .orElse(command.getCommandSpec().qualifiedName())));
        err.println("see '%s --help'".formatted(command.getCommandSpec().qualifiedName()));
        return CommandLine.ExitCode.USAGE;
    }

    private static int failed(Exception e, CommandLine command) throws Exception {
        if (!(e instanceof CliException)) {
            throw e;
        }
        command.getErr().println("vnvme: " + e.getMessage());
        return CommandLine.ExitCode.SOFTWARE;
    }
}
