package io.vnvme.control.cli;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.PoolInfo;
import io.vnvme.control.model.PoolMember;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "pool",
        description = "Join drives to pools, which volumes are carved from.",
        subcommands = {
            PoolCommand.Create.class,
            PoolCommand.ListCommand.class,
            PoolCommand.Show.class,
            PoolChangeCommands.Grow.class,
            PoolChangeCommands.Shrink.class,
            PoolChangeCommands.Replace.class,
            PoolChangeCommands.Change.class,
            PoolChangeCommands.Scrub.class,
            PoolMoveCommands.Drain.class,
            PoolMoveCommands.Check.class,
            PoolMoveCommands.Export.class,
            PoolMoveCommands.Import.class,
            PoolMoveCommands.Forget.class,
            PoolCommand.Destroy.class
        })
final class PoolCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "say what to do: create, ls, show, grow, shrink, replace, set, scrub, check, export, import, forget or destroy");
    }

    @Command(name = "create", description = "Join claimed drives to a pool.")
    static final class Create extends ClientCommand {
        @Parameters(index = "0", paramLabel = "POOL", description = "its name")
        private String name = "";

        @Parameters(index = "1..*", arity = "1..*", paramLabel = "DRIVE", description = "claimed drives in no pool")
        private List<String> drives = new ArrayList<>();

        @Option(
                names = "--layout",
                paramLabel = "LAYOUT",
                description =
                        "concat (default): one after the other; stripe: round all; mirror: the same on two or three")
        private @Nullable String layout;

        @Override
        protected void run(ApiClient client) {
            String reply = client.post("/api/v1/pools", new CreatePool(name, drives, layout));
            if (json()) {
                print(reply);
                return;
            }
            PoolInfo pool = client.read(reply, PoolInfo.class);
            print("created pool %s: %s of %s".formatted(pool.name(), ByteSize.format(pool.sizeBytes()), members(pool)));
        }
    }

    static String members(PoolInfo pool) {
        List<String> names = pool.members().stream().map(PoolMember::drive).toList();
        return names.size() == 1 ? names.getFirst() : "%s (%s)".formatted(String.join(", ", names), pool.layout());
    }

    @Command(name = "ls", description = "List pools.")
    static final class ListCommand extends WatchableCommand {
        @Override
        String page(ApiClient client, int width) {
            String reply = client.get("/api/v1/pools");
            if (json()) {
                return reply;
            }
            List<PoolInfo> pools = client.readList(reply, PoolInfo.class);
            if (pools.isEmpty()) {
                return "no pools: make one with 'vnvme pool create NAME DRIVE...', or just 'vnvme create'";
            }
            Table table =
                    new Table("NAME", "STATE", "LAYOUT", "SIZE", "USED", "FREE", "PROVISIONED", "VNVMES", "SNAPS");
            for (PoolInfo pool : pools) {
                boolean known = pool.sizeBytes() > 0;
                table.row(
                        pool.name(),
                        pool.warnings().isEmpty() ? pool.state() : pool.state() + " (!)",
                        pool.layout(),
                        known ? ByteSize.format(pool.sizeBytes()) : "-",
                        known ? percent(pool) : "-",
                        known ? ByteSize.format(pool.freeBytes()) : "-",
                        known ? ByteSize.format(pool.provisionedBytes()) : "-",
                        known ? String.valueOf(pool.volumeCount()) : "-",
                        known ? String.valueOf(pool.snapshotCount()) : "-");
            }
            return table.page(width);
        }
    }

    static String counted(long count, String thing) {
        return "%d %s%s".formatted(count, thing, count == 1 ? "" : "s");
    }

    static String percent(PoolInfo pool) {
        return "%s (%d %%)"
                .formatted(ByteSize.format(pool.usedBytes()), Math.round(100.0 * pool.usedBytes() / pool.sizeBytes()));
    }

    @Command(name = "show", description = "Show a pool and its drives.")
    static final class Show extends ClientCommand {
        @Parameters(paramLabel = "POOL", description = "the pool")
        private String name = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.get("/api/v1/pools/" + encoded(name));
            if (json()) {
                print(reply);
                return;
            }
            PoolInfo pool = client.read(reply, PoolInfo.class);
            print("name      " + pool.name());
            print("identity  " + pool.uuid());
            print("state     " + pool.state());
            print("layout    " + pool.layout());
            if (pool.sizeBytes() > 0) {
                print("size      " + ByteSize.format(pool.sizeBytes()));
                print("used      %s, %s of it metadata"
                        .formatted(percent(pool), ByteSize.format(pool.metadataBytes())));
                print("free      " + ByteSize.format(pool.freeBytes()));
                print("volumes   %d of %s together, %s"
                        .formatted(
                                pool.volumeCount(),
                                ByteSize.format(pool.provisionedBytes()),
                                counted(pool.snapshotCount(), "snapshot")));
                print("if full   writes " + PoolChangeCommands.held(pool.holdSeconds()));
            }
            for (PoolMember member : pool.members()) {
                print("drive     %s, %s, %s%s"
                        .formatted(
                                member.drive(),
                                ByteSize.format(member.sizeBytes()),
                                member.state(),
                                pool.layout().equals("mirror") ? ", mirror " + member.set() : ""));
            }
            pool.warnings().forEach(this::warn);
        }
    }

    @Command(name = "destroy", description = "End a pool; its drives stay claimed.")
    static final class Destroy extends ClientCommand {
        @Parameters(paramLabel = "POOL", description = "the pool")
        private String name = "";

        @Option(names = "--force", description = "also when it holds volumes, which are lost; says which, and asks")
        private boolean force;

        @Option(names = "--yes", description = "with --force: do not ask")
        private boolean yes;

        @Override
        protected void run(ApiClient client) {
            String path = "/api/v1/pools/" + encoded(name);
            if (force && !yes) {
                PoolInfo pool = client.read(client.get(path), PoolInfo.class);
                if (pool.volumeCount() + pool.snapshotCount() > 0) {
                    confirm("this destroys %s and %s in pool %s"
                            .formatted(
                                    counted(pool.volumeCount(), "volume"),
                                    counted(pool.snapshotCount(), "snapshot"),
                                    name));
                }
            }
            String reply = client.delete(path + (force ? "?force=true" : ""));
            print(
                    json()
                            ? reply
                            : "destroyed pool "
                                    + client.read(reply, PoolInfo.class).name());
        }
    }
}
