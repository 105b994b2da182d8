package io.vnvme.control.cli;

import io.vnvme.control.model.CreateGroup;
import io.vnvme.control.model.GroupInfo;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "group",
        description = "Groups of virtual NVMe drives that share limits: tenants.",
        subcommands = {
            GroupCommand.Create.class,
            GroupCommand.Set.class,
            GroupCommand.ListCommand.class,
            GroupCommand.Remove.class
        })
final class GroupCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: create, set, ls or rm");
    }

    private static String line(GroupInfo group) {
        return "group %s: %s".formatted(group.name(), QosCommand.text(group.limits()));
    }

    @Command(name = "create", description = "Make a group; vNVMes join it with 'vnvme qos NAME --group GROUP'.")
    static final class Create extends ClientCommand {
        @Parameters(paramLabel = "GROUP", description = "its name")
        private String name = "";

        @Mixin
        private LimitOptions limits = new LimitOptions();

        @Override
        protected void run(ApiClient client) {
            String reply = client.post("/api/v1/groups", new CreateGroup(name, limits.change(false)));
            print(json() ? reply : line(client.read(reply, GroupInfo.class)));
        }
    }

    @Command(
            name = "set",
            description = "Change a group's limits, also while its members are in use; what is not named stays.")
    static final class Set extends ClientCommand {
        @Parameters(paramLabel = "GROUP", description = "the group")
        private String name = "";

        @Mixin
        private LimitOptions limits = new LimitOptions();

        @Option(names = "--unlimited", description = "take all its limits away first")
        private boolean unlimited;

        @Override
        protected void run(ApiClient client) {
            String reply = client.post("/api/v1/groups/" + encoded(name), limits.change(unlimited));
            print(json() ? reply : line(client.read(reply, GroupInfo.class)));
        }
    }

    @Command(name = "ls", description = "List groups, their limits and members.")
    static final class ListCommand extends ClientCommand {
        @Override
        protected void run(ApiClient client) {
            String reply = client.get("/api/v1/groups");
            if (json()) {
                print(reply);
                return;
            }
            List<GroupInfo> groups = client.readList(reply, GroupInfo.class);
            if (groups.isEmpty()) {
                print("no groups: make one with 'vnvme group create GROUP --limit-iops 10000'");
                return;
            }
            Table table = new Table("GROUP", "LIMITS", "MEMBERS");
            for (GroupInfo group : groups) {
                table.row(
                        group.name(),
                        QosCommand.text(group.limits()),
                        group.members().isEmpty() ? "-" : String.join(", ", group.members()));
            }
            print(table);
        }
    }

    @Command(name = "rm", description = "Remove a group that no vNVMe is in.")
    static final class Remove extends ClientCommand {
        @Parameters(paramLabel = "GROUP", description = "the group")
        private String name = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.delete("/api/v1/groups/" + encoded(name));
            print(json() ? reply : "removed group " + name);
        }
    }
}
