package io.vnvme.control.cli;

import io.vnvme.control.model.AllowHost;
import io.vnvme.control.model.DemandOfHosts;
import io.vnvme.control.model.HostInfo;
import io.vnvme.control.model.SetHostKeys;
import io.vnvme.control.model.VnvmeInfo;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "host",
        description = "Hosts that may connect to a virtual NVMe drive over TCP: none but those that are allowed.",
        subcommands = {
            HostCommand.Allow.class,
            HostCommand.Deny.class,
            HostCommand.Key.class,
            HostCommand.DemandCommand.class,
            HostCommand.ListCommand.class
        })
final class HostCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: allow, deny, key, demand or ls");
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

    @Command(
            name = "key",
            description =
                    "Keys by which a host and the vNVMe show each other who they are; without options: which there are.")
    static final class Key extends ClientCommand {
        private static final String WHERE =
                "a file that holds it, '-' for the input, 'generate': made, and printed once, or '': none";

        @Parameters(index = "0", paramLabel = "NAME", description = "the vNVMe")
        private String name = "";

        @Parameters(index = "1", paramLabel = "HOSTNQN", description = "the host, which is allowed already")
        private String nqn = "";

        @Option(names = "--dhchap", paramLabel = "FILE", description = "the host's key for DH-HMAC-CHAP: " + WHERE)
        private @Nullable String dhchap;

        @Option(
                names = "--controller",
                paramLabel = "FILE",
                description = "the vNVMe's own towards this host, so that each shows it to the other: " + WHERE)
        private @Nullable String controller;

        @Option(names = "--tls", paramLabel = "FILE", description = "the key of both for TLS: " + WHERE)
        private @Nullable String tls;

        @Option(
                names = "--hash",
                paramLabel = "HASH",
                description = "what has to be used: sha256, sha384 or sha512; '' for any (default: as it was, any)")
        private @Nullable String hash;

        @Option(
                names = "--group",
                paramLabel = "GROUP",
                description = "what has to be used: null, ffdhe2048, ffdhe3072, ffdhe4096, ffdhe6144 or ffdhe8192;"
                        + " '' for any (default: as it was, any)")
        private @Nullable String group;

        @Option(names = "--remove", description = "forget all keys of the host")
        private boolean remove;

        @Override
        protected void run(ApiClient client) {
            String path = "%s/%s/keys".formatted(path(name), encoded(nqn));
            boolean nothing = dhchap == null && controller == null && tls == null && hash == null && group == null;
            if (remove && !nothing) {
                throw usage("--remove forgets all: say it alone");
            }
            if (json() && ("generate".equals(dhchap) || "generate".equals(controller) || "generate".equals(tls))) {
                throw usage("--json prints what the API returned, which has no key in it: generate it without");
            }
            if (nothing && !remove) {
                show(client);
                return;
            }
            String reply = remove
                    ? client.delete(path)
                    : client.put(
                            path,
                            new SetHostKeys(
                                    key("--dhchap", dhchap),
                                    key("--controller", controller),
                                    hash,
                                    group,
                                    key("--tls", tls)));
            print(json() ? reply : "%s: %s".formatted(name, line(client.read(reply, HostInfo.class))));
        }

        private void show(ApiClient client) {
            String reply = client.get(path(name));
            List<HostInfo> hosts = client.readList(reply, HostInfo.class);
            HostInfo host = hosts.stream()
                    .filter(h -> h.nqn().equals(nqn))
                    .findFirst()
                    .orElseThrow(() -> new CliException("%s does not allow host %s".formatted(name, nqn)));
            print(line(host));
        }

        private @Nullable String key(String option, @Nullable String from) {
            return from == null
                    ? null
                    : HostKeySource.read(option, from, secret -> {
                        print(secret);
                        note("the key above, of %s, is not shown again".formatted(option));
                    });
        }
    }

    @Command(name = "demand", description = "Say how the hosts of a vNVMe have to show who they are.")
    static final class DemandCommand extends ClientCommand {
        @Parameters(index = "0", paramLabel = "NAME", description = "the vNVMe")
        private String name = "";

        @Parameters(
                index = "1",
                paramLabel = "HOW",
                description =
                        "auto (a host with a key has to use it), none (it may), dhchap, tls or both (every host has to)")
        private String how = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.put(path(name) + "/demand", new DemandOfHosts(how));
            if (json()) {
                print(reply);
                return;
            }
            client.readList(reply, HostInfo.class).forEach(host -> print(line(host)));
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
        String keys = host.keys().isEmpty() ? "" : ", keys: " + String.join(", ", host.keys());
        String demand = host.demand().equals("none") ? "" : ", has to use " + host.demand();
        return host.nqn() + (from.isEmpty() ? "" : ": " + from) + keys + demand;
    }
}
