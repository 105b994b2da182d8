package io.vnvme.control.cli;

import io.vnvme.control.model.LogLevelInfo;
import io.vnvme.control.model.SetLogLevel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "log",
        description = "What the daemon's log says, changed while it runs.",
        subcommands = {LogCommand.List.class, LogCommand.Set.class})
final class LogCommand implements Runnable {
    private static final String LEVELS = "/api/v1/system/log-levels";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: ls or set");
    }

    @Command(name = "ls", description = "List the loggers that have levels of their own.")
    static final class List extends ClientCommand {
        @Override
        protected void run(ApiClient client) {
            String reply = client.get(LEVELS);
            if (json()) {
                print(reply);
                return;
            }
            Table table = new Table("LOGGER", "LEVEL");
            client.readList(reply, LogLevelInfo.class).forEach(l -> table.row(l.logger(), l.level()));
            print(table);
        }
    }

    @Command(name = "set", description = "Have a logger write more or less, until the daemon ends.")
    static final class Set extends ClientCommand {
        @Parameters(index = "0", paramLabel = "LOGGER", description = "root, io.vnvme, or a package or class below")
        private String logger = "";

        @Parameters(index = "1", paramLabel = "LEVEL", description = "error, warn, info, debug, trace or inherit")
        private String level = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.put(LEVELS, new SetLogLevel(logger, level));
            LogLevelInfo now = client.read(reply, LogLevelInfo.class);
            print(json() ? reply : "%s writes %s".formatted(now.logger(), now.effective()));
        }
    }
}
