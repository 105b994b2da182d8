package io.vnvme.control.cli;

import io.vnvme.control.model.AddPeer;
import io.vnvme.control.model.PeerInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "peer",
        description = "Other daemons that this one may ask, to send VMs there.",
        subcommands = {
            PeerCommand.Add.class,
            PeerCommand.ListCommand.class,
            PeerCommand.Show.class,
            PeerCommand.Remove.class
        })
final class PeerCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: add, ls, show or rm");
    }

    @Command(
            name = "add",
            description = "Make another daemon known: it has to answer, and to let this one in by a token made there.")
    static final class Add extends ClientCommand {
        @Parameters(paramLabel = "NAME", description = "what it is called here")
        private String name = "";

        @Option(
                names = "--address",
                paramLabel = "HOST[:PORT]",
                required = true,
                description = "where it serves its API over TLS (its --listen; port 8443 when none is said)")
        private String address = "";

        // What --token-file and --fingerprint are of, each command has: the daemon that is asked to do this.
        @Option(
                names = "--peer-token",
                paramLabel = "FILE",
                required = true,
                description =
                        "file that holds what 'vnvme token create NAME --role operator' said there, '-' for the input")
        private String token = "";

        @Option(
                names = "--peer-fingerprint",
                paramLabel = "SHA256",
                description = "its certificate, as 'vnvme status' says there (default: the one that is shown now)")
        private @Nullable String fingerprint;

        @Override
        protected void run(ApiClient client) {
            String secret = HostKeySource.given("--peer-token", token);
            String reply = client.post("/api/v1/peers", new AddPeer(name, address, secret, fingerprint));
            if (json()) {
                print(reply);
                return;
            }
            PeerInfo peer = client.read(reply, PeerInfo.class);
            print("added peer %s: %s, vnvme %s, %s"
                    .formatted(peer.name(), peer.address(), peer.version(), peer.detail()));
            if (fingerprint == null) {
                print("certificate SHA-256 " + peer.fingerprint());
                note(
                        "compare this fingerprint with what 'vnvme status' says there; if it is another one, 'vnvme peer rm %s', and remove the token there"
                                .formatted(peer.name()));
            }
        }
    }

    @Command(name = "ls", description = "List peers; each is asked how it is.")
    static final class ListCommand extends ClientCommand {
        @Override
        protected void run(ApiClient client) {
            String reply = client.get("/api/v1/peers");
            if (json()) {
                print(reply);
                return;
            }
            List<PeerInfo> peers = client.readList(reply, PeerInfo.class);
            if (peers.isEmpty()) {
                print("no peers: add one with 'vnvme peer add NAME --address HOST --peer-token FILE'");
                return;
            }
            Table table = new Table("PEER", "ADDRESS", "STATE", "VERSION", "DETAIL");
            peers.forEach(p -> table.row(p.name(), p.address(), p.state(), version(p), p.detail()));
            print(table);
        }
    }

    private static String version(PeerInfo peer) {
        return peer.version() == null ? "-" : peer.version();
    }

    @Command(name = "show", description = "Show a peer, which is asked how it is.")
    static final class Show extends ClientCommand {
        @Parameters(paramLabel = "NAME", description = "the peer")
        private String name = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.get("/api/v1/peers/" + encoded(name));
            if (json()) {
                print(reply);
                return;
            }
            PeerInfo peer = client.read(reply, PeerInfo.class);
            print("peer         " + peer.name());
            print("address      " + peer.address());
            print("certificate  SHA-256 " + peer.fingerprint());
            print("state        %s: %s".formatted(peer.state(), peer.detail()));
            if (peer.version() != null) {
                print("version      " + peer.version());
            }
        }
    }

    @Command(name = "rm", description = "Forget a peer, and the token that let this daemon in there.")
    static final class Remove extends ClientCommand {
        @Parameters(paramLabel = "NAME", description = "the peer")
        private String name = "";

        @Option(names = "--lost", description = "its host is gone for good: a VM that it may have taken goes on here")
        private boolean lost;

        @Override
        protected void run(ApiClient client) {
            String reply = client.delete("/api/v1/peers/" + encoded(name) + (lost ? "?lost=true" : ""));
            print(json() ? reply : "removed peer %s: remove its token there, too".formatted(name));
        }
    }
}
