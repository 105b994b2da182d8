package io.vnvme.control.cli;

import io.vnvme.control.model.AllowHost;
import io.vnvme.control.model.HostInfo;
import io.vnvme.control.model.VnvmeInfo;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "host",
        description = "Hosts that may connect to a virtual NVMe drive over TCP: none but those that are allowed.",
        subcommands = {HostCommand.Allow.class, HostCommand.Deny.class, HostCommand.ListCommand.class})
final class HostCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: allow, deny or ls");
    }

    private static String path(String vnvme) {
        return "/api/v1/vnvmes/%s/hosts".formatted(ClientCommand.encoded(vnvme));
    }

    @Command(name = "allow", description = "Let a host connect; says what to type there.")
    static final class Allow extends ClientCommand {
        @Parameters(index = "0", paramLabel = "NAME", description = "the vNVMe")
        private String name = "";

        @Parameters(index = "1", paramLabel = "HOSTNQN", description = "what the host has in /etc/nvme/hostnqn")
        private String nqn = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.post(path(name), new AllowHost(nqn));
            if (json()) {
                print(reply);
                return;
            }
            VnvmeInfo vnvme = client.read(client.get("/api/v1/vnvmes/" + encoded(name)), VnvmeInfo.class);
            print("%s allows host %s".formatted(name, nqn));
            if (vnvme.tcp().isEmpty()) {
                warn("the daemon accepts no hosts: start it with --tcp ADDRESS:PORT");
            }
            vnvme.tcp().forEach(line -> print("there: " + line));
        }
    }

    @Command(name = "deny", description = "Let a host connect no more, and end its connections.")
    static final class Deny extends ClientCommand {
        @Parameters(index = "0", paramLabel = "NAME", description = "the vNVMe")
        private String name = "";

        @Parameters(index = "1", paramLabel = "HOSTNQN", description = "the host")
        private String nqn = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.delete("%s/%s".formatted(path(name), encoded(nqn)));
            print(json() ? reply : "%s does not allow host %s any more".formatted(name, nqn));
        }
    }

    @Command(name = "ls", description = "List the hosts that may connect, and from where they are connected.")
    static final class ListCommand extends ClientCommand {
        @Parameters(paramLabel = "NAME", description = "the vNVMe")
        private String name = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.get(path(name));
            if (json()) {
                print(reply);
                return;
            }
            List<HostInfo> hosts = client.readList(reply, HostInfo.class);
            if (hosts.isEmpty()) {
                print("no host may connect to %s".formatted(name));
            }
            hosts.forEach(host -> print(line(host)));
        }
    }

    /** A host and where it is connected from. */
    static String line(HostInfo host) {
        String from = host.connections().stream()
                .map(c -> "%s, controller %d, %d I/O queues".formatted(c.address(), c.controllerId(), c.queues()))
                .collect(Collectors.joining("; "));
        return host.nqn() + (from.isEmpty() ? "" : ": " + from);
    }
}
