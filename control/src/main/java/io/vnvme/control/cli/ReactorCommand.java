package io.vnvme.control.cli;

import io.vnvme.control.model.ReactorInfo;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "reactor",
        description = "Show the threads that serve I/O.",
        subcommands = ReactorCommand.ListCommand.class)
final class ReactorCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: ls");
    }

    @Command(name = "ls", description = "List reactors, and what they did with their time since the daemon started.")
    static final class ListCommand extends ClientCommand {
        @Override
        protected void run(ApiClient client) {
            String reply = client.get("/api/v1/reactors");
            if (json()) {
                print(reply);
                return;
            }
            Table table = new Table("NAME", "CPU", "BUSY", "IDLE", "ASLEEP");
            for (ReactorInfo reactor : client.readList(reply, ReactorInfo.class)) {
                double all = Math.max(1, reactor.busyNs() + reactor.idleNs() + reactor.asleepNs());
                table.row(
                        reactor.name(),
                        reactor.cpu() < 0 ? "any" : String.valueOf(reactor.cpu()),
                        percent(100 * reactor.busyNs() / all),
                        percent(100 * reactor.idleNs() / all),
                        percent(100 * reactor.asleepNs() / all));
            }
            print(table);
        }
    }

    static String percent(double value) {
        return String.format(Locale.ROOT, "%.1f %%", value);
    }
}
