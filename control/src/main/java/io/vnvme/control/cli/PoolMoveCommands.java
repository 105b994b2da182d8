package io.vnvme.control.cli;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.CheckReport;
import io.vnvme.control.model.DrainPool;
import io.vnvme.control.model.FoundPool;
import io.vnvme.control.model.ImportPool;
import io.vnvme.control.model.PoolInfo;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands for pools that come and go. */
final class PoolMoveCommands {
    private PoolMoveCommands() {}

    @Command(
            name = "check",
            description = "Read all metadata of a pool that is not in use, change nothing, and say what is wrong.")
    static final class Check extends ClientCommand {
        @Parameters(paramLabel = "POOL", description = "an exported or unavailable pool")
        private String name = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.post("/api/v1/pools/%s/check".formatted(encoded(name)));
            CheckReport report = client.read(reply, CheckReport.class);
            print(json() ? reply : report.text());
            if (!json()) {
                report.findings().forEach(this::print);
            }
            if (!report.sound()) {
                throw new CliException("pool %s is damaged: %s"
                        .formatted(name, PoolCommand.counted(report.findings().size(), "finding")));
            }
        }
    }

    @Command(
            name = "drain",
            description = "Move all virtual NVMe drives of a pool to another one, also while guests use them.")
    static final class Drain extends JobCommand {
        @Parameters(paramLabel = "POOL", description = "the pool that is to be empty")
        private String name = "";

        @Option(
                names = "--to",
                paramLabel = "POOL",
                description = "where they go (default: each to the pool not in RAM that has the most space then)")
        private @Nullable String to;

        @Option(names = "--snapshots", description = "snapshots go too")
        private boolean snapshots;

        @Override
        String start(ApiClient client) {
            return client.post("/api/v1/pools/%s/drain".formatted(encoded(name)), new DrainPool(to, snapshots));
        }
    }

    @Command(name = "export", description = "Give a pool away: close it, and let go of its drives with all on them.")
    static final class Export extends ClientCommand {
        @Parameters(paramLabel = "POOL", description = "the pool")
        private String name = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.post("/api/v1/pools/%s/export".formatted(encoded(name)));
            if (json()) {
                print(reply);
                return;
            }
            FoundPool pool = client.read(reply, FoundPool.class);
            print("exported pool %s: it lies on %s".formatted(pool.name(), String.join(", ", pool.paths())));
        }
    }

    @Command(
            name = "forget",
            description = "Drop what this daemon knows of an exported pool; its drives and their content stay.")
    static final class Forget extends ClientCommand {
        @Parameters(paramLabel = "POOL", description = "an exported pool")
        private String name = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.post("/api/v1/pools/%s/forget".formatted(encoded(name)));
            print(
                    json()
                            ? reply
                            : "forgot pool "
                                    + client.read(reply, FoundPool.class).name());
        }
    }

    @Command(
            name = "import",
            description =
                    "Take a pool that lies on drives of this host, with everything in it; without a name, say which there are.")
    static final class Import extends ClientCommand {
        @Parameters(
                arity = "0..1",
                paramLabel = "POOL",
                description = "its name or identity; without it nothing is taken")
        private @Nullable String name;

        @Option(names = "--degraded", description = "also when drives of a mirror are missing")
        private boolean degraded;

        @Option(
                names = "--from",
                arity = "1..*",
                paramLabel = "PATH",
                description = {
                    "files, or folders of files, to look at besides the host's block devices;",
                    "nvme-tcp://HOST/NQN for a drive of another machine"
                })
        private List<String> from = new ArrayList<>();

        @Override
        protected void run(ApiClient client) {
            List<String> places = from.stream().map(DriveCommand::place).toList();
            ImportPool request = new ImportPool(name, degraded, places);
            if (name == null) {
                list(client, client.post("/api/v1/pools/find", request));
                return;
            }
            String reply = client.post("/api/v1/pools/import", request);
            if (json()) {
                print(reply);
                return;
            }
            PoolInfo pool = client.read(reply, PoolInfo.class);
            print("imported pool %s: %s, %s, %s, %s"
                    .formatted(
                            pool.name(),
                            pool.state(),
                            ByteSize.format(pool.sizeBytes()),
                            PoolCommand.counted(pool.volumeCount(), "volume"),
                            PoolCommand.counted(pool.snapshotCount(), "snapshot")));
            pool.warnings().forEach(this::warn);
        }

        private void list(ApiClient client, String reply) {
            if (json()) {
                print(reply);
                return;
            }
            List<FoundPool> pools = client.readList(reply, FoundPool.class);
            if (pools.isEmpty()) {
                print("no pools to import: name files, or folders of files, with --from");
                return;
            }
            Table table = new Table("NAME", "LAYOUT", "IDENTITY", "MISSING", "PATHS");
            pools.forEach(p -> table.row(
                    p.name(), p.layout(), p.uuid(), String.valueOf(p.missing().size()), String.join(", ", p.paths())));
            print(table);
        }
    }
}
