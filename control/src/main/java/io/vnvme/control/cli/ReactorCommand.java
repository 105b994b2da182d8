package io.vnvme.control.cli;

import io.vnvme.control.model.MovePool;
import io.vnvme.control.model.ReactorInfo;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "reactor",
        description = "Show the threads that serve I/O, and move pools between them.",
        subcommands = {ReactorCommand.ListCommand.class, ReactorCommand.MoveCommand.class})
final class ReactorCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: ls or move");
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
            Table table = new Table("NAME", "CPU", "WITHOUT WORK", "BUSY", "IDLE", "ASLEEP", "POOLS");
            for (ReactorInfo reactor : client.readList(reply, ReactorInfo.class)) {
                double all = Math.max(1, reactor.busyNs() + reactor.idleNs() + reactor.asleepNs());
                table.row(
                        reactor.name(),
                        reactor.cpu() < 0 ? "any" : String.valueOf(reactor.cpu()),
                        reactor.idle(),
                        percent(100 * reactor.busyNs() / all),
                        percent(100 * reactor.idleNs() / all),
                        percent(100 * reactor.asleepNs() / all),
                        reactor.pools().isEmpty() ? "-" : String.join(", ", reactor.pools()));
            }
            print(table);
        }
    }

    @Command(
            name = "move",
            description = "Have another reactor serve a pool and its vNVMes, in use.",
            footer = "Pools go to the reactor with the fewest when they come, and move by themselves when that pays.")
    static final class MoveCommand extends ClientCommand {
        @Parameters(index = "0", paramLabel = "POOL", description = "the pool")
        private String pool = "";

        @Parameters(index = "1", paramLabel = "REACTOR", description = "where to: 'vnvme reactor ls' has the names")
        private String reactor = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.post("/api/v1/pools/%s/move".formatted(encoded(pool)), new MovePool(reactor));
            print(json() ? reply : "pool %s is served by %s".formatted(pool, reactor));
        }
    }

    static String percent(double value) {
        return String.format(Locale.ROOT, "%.1f %%", value);
    }
}
