package io.vnvme.control.cli;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.DriveContents;
import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.RemoteDriveInfo;
import io.vnvme.control.model.RemotePathInfo;
import io.vnvme.control.model.SetDriveKeys;
import io.vnvme.control.plane.RemoteAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "drive",
        description = "Take control of backing drives.",
        subcommands = {
            DriveCommand.ListCommand.class,
            DriveCommand.Show.class,
            DriveCommand.Claim.class,
            DriveCommand.Key.class,
            DriveCommand.Release.class
        })
final class DriveCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: ls, show, claim, key or release");
    }

    /** The name of a drive that may be given by its path. */
    private static String named(ApiClient client, String drive) {
        if (drive.indexOf('/') < 0) {
            return drive;
        }
        String path = place(drive);
        return client.readList(client.get("/api/v1/drives"), DriveInfo.class).stream()
                .filter(d -> path.equals(d.path()))
                .findFirst()
                .map(DriveInfo::name)
                .orElseThrow(
                        () -> new CliException("no claimed drive lies at %s: see 'vnvme drive ls'".formatted(path)));
    }

    /** A path as the daemon knows it; what is remote as it is written. */
    static String place(String drive) {
        return drive.startsWith(RemoteAddress.SCHEME)
                ? RemoteAddress.parse(drive).text()
                : ClientCommand.absolute(Path.of(drive));
    }

    @Command(name = "ls", description = "List drives: claimed ones, and those that can be claimed by name.")
    static final class ListCommand extends ClientCommand {
        @Override
        protected void run(ApiClient client) {
            String reply = client.get("/api/v1/drives");
            if (json()) {
                print(reply);
                return;
            }
            List<DriveInfo> drives = client.readList(reply, DriveInfo.class);
            if (drives.isEmpty()) {
                print("no drives: claim a file, a block device or RAM with 'vnvme drive claim SPEC'");
                return;
            }
            Table table = new Table("NAME", "KIND", "STATE", "SIZE", "POOL", "PATH");
            for (DriveInfo drive : drives) {
                String pool = drive.pool();
                String path = drive.path();
                table.row(
                        drive.name(),
                        drive.kind(),
                        drive.state(),
                        ByteSize.format(drive.sizeBytes()),
                        pool == null ? "-" : pool,
                        path == null ? "-" : path);
            }
            print(table);
        }
    }

    @Command(name = "show", description = "Show a drive.")
    static final class Show extends ClientCommand {
        @Parameters(paramLabel = "DRIVE", description = "a drive, by its name in 'vnvme drive ls', or by its path")
        private String drive = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.get("/api/v1/drives/" + encoded(named(client, drive)));
            if (json()) {
                print(reply);
                return;
            }
            DriveInfo info = client.read(reply, DriveInfo.class);
            print("name      " + info.name());
            print("kind      " + info.kind());
            print("state     " + info.state() + (info.pool() == null ? "" : ": " + info.pool()));
            print("size      %s, blocks of %d bytes"
                    .formatted(ByteSize.format(info.sizeBytes()), info.blockSizeBytes()));
            if (info.path() != null) {
                print("path      " + info.path());
            }
            if (info.uuid() != null) {
                print("identity  " + info.uuid());
            }
            RemoteDriveInfo remote = info.remote();
            if (remote != null) {
                print(remote);
            }
            info.warnings().forEach(this::warn);
        }

        private void print(RemoteDriveInfo remote) {
            print("host      " + remote.hostNqn());
            print("held      for %s while no path works; %d commands now; %d were sent again, %d not answered in time"
                    .formatted(
                            RemoteAddress.words(Duration.ofMillis(remote.lossMillis())),
                            remote.heldCount(),
                            remote.resentCount(),
                            remote.timeoutCount()));
            print("trust     %s%s".formatted(words(remote), remote.encrypted() ? ", by TLS" : ""));
            for (RemotePathInfo path : remote.paths()) {
                String live = path.ana() == null ? "" : ", %s, CNTLID %d".formatted(path.ana(), path.controllerId());
                print("by        %s: %s%s, lost %d times".formatted(path.address(), path.state(), live, path.losses()));
            }
        }
    }

    @Command(
            name = "claim",
            description = "Take control of a drive: it gets a superblock, and is found by that from then on.")
    static final class Claim extends ClientCommand {
        @Parameters(
                paramLabel = "SPEC",
                description = {
                    "an offered drive such as ram0, ram:512M, null:1T (keeps nothing), a block device (/dev/...), a file, or",
                    "a namespace of another machine: nvme-tcp://HOST[:PORT][,HOST[:PORT]...]/NQN[?OPTION=VALUE&...],",
                    "with as many paths as there are, and the options nsid=1, loss-time=25s (how long requests are held",
                    "while no path works), keep-alive=3s, io-timeout=30s, policy=round-robin or failover, digests=header,data, tls=1"
                })
        private String drive = "";

        @Option(
                names = "--size",
                paramLabel = "SIZE",
                converter = SizeConverter.class,
                description = "makes the file, with that size")
        private @Nullable Long sizeBytes;

        @Option(names = "--name", paramLabel = "NAME", description = "its name (default: from SPEC)")
        private @Nullable String name;

        @ArgGroup(validate = false, heading = KeyOptions.HEADING)
        private KeyOptions keys = new KeyOptions();

        @Option(names = "--force", description = "destroy what is on it; says what, and asks")
        private boolean force;

        @Option(names = "--yes", description = "with --force: do not ask")
        private boolean yes;

        @Override
        protected void run(ApiClient client) {
            String spec = drive.contains("/") ? place(drive) : drive;
            ClaimDrive request = new ClaimDrive(spec, sizeBytes, name, force, keys.given() ? keys.read() : null);
            if (force && !yes) {
                DriveContents contents = client.read(client.post("/api/v1/drives/look", request), DriveContents.class);
                String refusal = contents.refusal();
                if (refusal != null) {
                    throw new CliException(refusal);
                }
                if (!contents.contents().isEmpty()) {
                    confirm("this destroys what is on %s: %s".formatted(spec, String.join("; ", contents.contents())));
                }
            }
            String reply = client.post("/api/v1/drives", request);
            if (json()) {
                print(reply);
                return;
            }
            DriveInfo info = client.read(reply, DriveInfo.class);
            print("claimed %s: %s".formatted(info.name(), ByteSize.format(info.sizeBytes())));
        }
    }

    /** Where keys come from. */
    static final class KeyOptions {
        static final String HEADING =
                "Keys of a remote drive, each in a file, '-' for the input, or '' for none any more:%n";

        @Option(
                names = "--dhchap",
                paramLabel = "FILE",
                description = "this daemon's for DH-HMAC-CHAP: the one that the target has for it")
        private @Nullable String dhchap;

        @Option(
                names = "--controller",
                paramLabel = "FILE",
                description = "the target's own: without it, anybody may pass for the target")
        private @Nullable String controller;

        @Option(
                names = "--tls",
                paramLabel = "FILE",
                description = "of both for TLS; with it the drive is reached by TLS alone")
        private @Nullable String tls;

        boolean given() {
            return dhchap != null || controller != null || tls != null;
        }

        SetDriveKeys read() {
            return new SetDriveKeys(
                    HostKeySource.given("--dhchap", dhchap),
                    HostKeySource.given("--controller", controller),
                    HostKeySource.given("--tls", tls));
        }
    }

    @Command(
            name = "key",
            description = {
                "Change the keys by which this daemon and the target of a remote drive show each other who they are;",
                "they count from the next connection on, and for all drives at the same subsystem. Without options: which there are."
            })
    static final class Key extends ClientCommand {
        @Parameters(paramLabel = "DRIVE", description = "a claimed remote drive, by its name or as it is written")
        private String drive = "";

        @ArgGroup(validate = false, heading = KeyOptions.HEADING)
        private KeyOptions keys = new KeyOptions();

        @Option(names = "--remove", description = "forget all of them")
        private boolean remove;

        @Override
        protected void run(ApiClient client) {
            if (remove && keys.given()) {
                throw usage("--remove forgets all: say it alone");
            }
            String path = "/api/v1/drives/" + encoded(named(client, drive));
            String reply = remove
                    ? client.delete(path + "/keys")
                    : keys.given() ? client.put(path + "/keys", keys.read()) : client.get(path);
            print(json() ? reply : line(client.read(reply, DriveInfo.class)));
        }

        private static String line(DriveInfo info) {
            RemoteDriveInfo remote = info.remote();
            return "%s: %s".formatted(info.name(), remote == null ? "no keys" : words(remote));
        }
    }

    private static String words(RemoteDriveInfo remote) {
        return remote.keys().isEmpty() ? "no keys" : "keys " + String.join(", ", remote.keys());
    }

    @Command(name = "release", description = "Give up control of a drive that is in no pool.")
    static final class Release extends ClientCommand {
        @Parameters(paramLabel = "DRIVE", description = "a claimed drive, by its name or path")
        private String drive = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.delete("/api/v1/drives/" + encoded(named(client, drive)));
            print(
                    json()
                            ? reply
                            : "released " + client.read(reply, DriveInfo.class).name());
        }
    }
}
