package io.vnvme.control.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
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
        description = {
            "Virtual NVMe drives for virtual machines, at the speed of the drive.",
            "'vnvme bench NAME' measures one, 'vnvme demo' shows all of it: see their --help."
        },
        versionProvider = Vnvme.Version.class,
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT)
public final class Vnvme implements Runnable {
    static final String VERSION = version();

    /** By name, in the order of the help. */
    private static final String DAEMON = "daemon";

    private static final Map<String, Supplier<Object>> COMMANDS = commands();

    @Spec
    private CommandSpec spec = CommandSpec.create();

    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"vnvme " + VERSION};
        }
    }

    private static Map<String, Supplier<Object>> commands() {
        Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
        commands.put(DAEMON, DaemonCommand::new);
        commands.put("status", StatusCommand::new);
        commands.put("upgrade", UpgradeCommand::new);
        commands.put("drive", DriveCommand::new);
        commands.put("discover", DiscoverCommand::new);
        commands.put("pool", PoolCommand::new);
        commands.put("create", CreateCommand::new);
        commands.put("ls", ListCommand::new);
        commands.put("show", ShowCommand::new);
        commands.put("rm", RemoveCommand::new);
        commands.put("attach", AttachCommand::new);
        commands.put("detach", DetachCommand::new);
        commands.put("vm", VmCommand::new);
        commands.put("migrate", MigrateCommand::new);
        commands.put("resize", VolumeCommands.Resize::new);
        commands.put("qos", QosCommand::new);
        commands.put("group", GroupCommand::new);
        commands.put("host", HostCommand::new);
        commands.put("path", PathCommand::new);
        commands.put("peer", PeerCommand::new);
        commands.put("rename", VolumeCommands.Rename::new);
        commands.put("move", VolumeCommands.Move::new);
        commands.put("snapshot", VolumeCommands.Snapshot::new);
        commands.put("clone", VolumeCommands.Clone::new);
        commands.put("rollback", VolumeCommands.Rollback::new);
        commands.put("diff", VolumeCommands.Diff::new);
        commands.put("export", TransferCommands.Export::new);
        commands.put("import", TransferCommands.Import::new);
        commands.put("unlock", UnlockCommand::new);
        commands.put("jobs", JobsCommand::new);
        commands.put("reactor", ReactorCommand::new);
        commands.put("top", TopCommand::new);
        commands.put("events", EventsCommand::new);
        commands.put("explain", ExplainCommand::new);
        commands.put("doctor", DoctorCommand::new);
        commands.put("support-bundle", SupportBundleCommand::new);
        commands.put("log", LogCommand::new);
        commands.put("token", TokenCommand::new);
        commands.put("audit", AuditCommand::new);
        commands.put("config", ConfigCommand::new);
        commands.put("completion", CompletionCommand::new);
        commands.put("man", ManCommand::new);
        return commands;
    }

    /** A command is described to the parser by reflection, which takes time: the one that is asked for is enough. */
    private static CommandLine commandLine(Map<String, Supplier<Object>> more, String... args) {
        CommandLine commandLine = new CommandLine(new Vnvme());
        Map<String, Supplier<Object>> all = new LinkedHashMap<>(COMMANDS);
        all.putAll(more);
        Supplier<Object> asked = args.length == 0 ? null : all.get(args[0]);
        if (asked != null) {
            commandLine.addSubcommand(args[0], asked.get());
        } else {
            all.forEach((name, command) -> commandLine.addSubcommand(name, command.get()));
        }
        return commandLine;
    }

    /** All commands at once. */
    static CommandLine complete() {
        return commandLine(Map.of());
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
        int status = execute(Map.of(), args);
        // An exit asks the log whether it is to be noted, and that makes all of logging start: a client that has done
        // what it was told just ends.
        if (status != 0 || args[0].equals(DAEMON)) {
            System.exit(status);
        }
    }

    /**
     * Runs a command without ending the process.
     *
     * @param more commands of other modules, by name
     * @return its exit status
     */
    public static int execute(Map<String, Supplier<Object>> more, String... args) {
        CommandLine commandLine = commandLine(more, args);
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
