package io.vnvme.control.cli;

import io.vnvme.control.model.ChangeAccess;
import io.vnvme.control.model.PathInfo;
import io.vnvme.control.model.SetGroupPath;
import io.vnvme.control.model.SetPath;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "path",
        description =
                "Ways to a virtual NVMe drive - by PCI, by each port over TCP - and which of them hosts are to take.",
        subcommands = {
            PathCommand.ListCommand.class,
            PathCommand.SetCommand.class,
            PathCommand.ShareCommand.class,
            PathCommand.GroupCommand.class
        })
final class PathCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: ls, set, share or group");
    }

    private static String url(String vnvme, String what) {
        return "/api/v1/vnvmes/%s/%s".formatted(ClientCommand.encoded(vnvme), what);
    }

    private static Table table(List<PathInfo> paths) {
        Table table = new Table("PATH", "STATE", "GROUP", "CLIENTS");
        paths.forEach(p -> table.row(p.name(), p.state(), Integer.toString(p.group()), Integer.toString(p.clients())));
        return table;
    }

    /** A command that shows the paths as they are then. */
    abstract static class Shown extends ClientCommand {
        void show(ApiClient client, String reply) {
            if (json()) {
                print(reply);
            } else {
                print(table(client.readList(reply, PathInfo.class)));
            }
        }
    }

    @Command(name = "ls", description = "List the paths, their ANA states, and how many clients have each.")
    static final class ListCommand extends Shown {
        @Parameters(paramLabel = "NAME", description = "the vNVMe")
        private String name = "";

        @Override
        protected void run(ApiClient client) {
            show(client, client.get(url(name, "paths")));
        }
    }

    @Command(
            name = "set",
            description = {
                "Set the ANA state of a path, of one vNVMe or of all in an ANA group; hosts follow at once.",
                "optimized: to be taken; non-optimized: only if there is no better one; inaccessible: not now;",
                "persistent-loss: never again; change: a moment, please."
            })
    static final class SetCommand extends Shown {
        @Option(names = "--group", paramLabel = "GROUP", description = "all vNVMes in this ANA group, instead of NAME")
        private @Nullable Integer group;

        @Parameters(arity = "2..3", paramLabel = "[NAME] PATH STATE", description = "PATH: as 'vnvme path ls' shows it")
        private List<String> words = List.of();

        @Spec
        private CommandSpec spec = CommandSpec.create();

        @Override
        protected void run(ApiClient client) {
            if (words.size() != (group == null ? 3 : 2)) {
                throw new ParameterException(
                        spec.commandLine(), "say either NAME PATH STATE or --group GROUP PATH STATE");
            }
            String path = words.get(words.size() - 2);
            String state = words.getLast();
            if (group == null) {
                show(client, client.post(url(words.getFirst(), "paths"), new SetPath(path, state)));
                return;
            }
            String reply = client.post("/api/v1/paths", new SetGroupPath(group, path, state));
            print(
                    json()
                            ? reply
                            : "%s is %s for %s"
                                    .formatted(path, state, String.join(", ", client.readList(reply, String.class))));
        }
    }

    @Command(
            name = "share",
            description = {
                "Let a VM and hosts over TCP have the vNVMe at the same time, or not any more. Nobody may have it meanwhile.",
                "Who shares it needs a cluster file system or reservations, as with any shared drive."
            })
    static final class ShareCommand extends Shown {
        private enum Answer {
            on,
            off
        }

        @Parameters(index = "0", paramLabel = "NAME", description = "the vNVMe")
        private String name = "";

        @Parameters(index = "1", paramLabel = "on|off", description = "whether they may")
        private Answer answer = Answer.off;

        @Override
        protected void run(ApiClient client) {
            show(client, client.post(url(name, "access"), new ChangeAccess(answer == Answer.on, null)));
        }
    }

    @Command(name = "group", description = "Put the vNVMe into another ANA group: 1 to 128, 1 at first.")
    static final class GroupCommand extends Shown {
        @Parameters(index = "0", paramLabel = "NAME", description = "the vNVMe")
        private String name = "";

        @Parameters(index = "1", paramLabel = "GROUP", description = "its ANA group from now on")
        private int group;

        @Override
        protected void run(ApiClient client) {
            show(client, client.post(url(name, "access"), new ChangeAccess(null, group)));
        }
    }
}
