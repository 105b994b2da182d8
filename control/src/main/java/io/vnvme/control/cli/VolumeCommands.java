package io.vnvme.control.cli;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.CloneSnapshot;
import io.vnvme.control.model.DiffInfo;
import io.vnvme.control.model.MoveVnvme;
import io.vnvme.control.model.RenameVnvme;
import io.vnvme.control.model.ResizeVnvme;
import io.vnvme.control.model.RollBack;
import io.vnvme.control.model.SnapshotInfo;
import io.vnvme.control.model.TakeSnapshot;
import io.vnvme.control.model.VnvmeChange;
import io.vnvme.control.model.VnvmeInfo;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands that change a volume, or look at what changed in it. */
final class VolumeCommands {
    private VolumeCommands() {}

    @Command(name = "resize", description = "Change the size, also while a guest uses it.")
    static final class Resize extends ClientCommand {
        @Parameters(index = "0", paramLabel = "NAME", description = "the vNVMe")
        private String name = "";

        @Parameters(
                index = "1",
                paramLabel = "SIZE",
                converter = SizeConverter.class,
                description = "new capacity, such as 40G")
        private long sizeBytes;

        @Option(names = "--shrink", description = "also make it smaller, if nothing is written beyond the new end")
        private boolean shrink;

        @Override
        protected void run(ApiClient client) {
            String reply = client.post(
                    "/api/v1/vnvmes/%s/resize".formatted(encoded(name)), new ResizeVnvme(sizeBytes, shrink));
            print(
                    json()
                            ? reply
                            : "%s has %s"
                                    .formatted(
                                            name,
                                            ByteSize.format(client.read(reply, VnvmeInfo.class)
                                                    .sizeBytes())));
        }
    }

    @Command(name = "move", description = "Move a virtual NVMe drive to another pool, also while a guest uses it.")
    static final class Move extends JobCommand {
        @Parameters(index = "0", paramLabel = "NAME", description = "the vNVMe")
        private String name = "";

        @Option(names = "--to", required = true, paramLabel = "POOL", description = "the pool that it goes to")
        private String pool = "";

        @Option(names = "--snapshots", description = "its snapshots go too")
        private boolean snapshots;

        @Override
        String start(ApiClient client) {
            return client.post("/api/v1/vnvmes/%s/move".formatted(encoded(name)), new MoveVnvme(pool, snapshots));
        }
    }

    @Command(name = "rename", description = "Change the name of a virtual NVMe drive that nobody uses.")
    static final class Rename extends ClientCommand {
        @Parameters(index = "0", paramLabel = "NAME", description = "the vNVMe")
        private String name = "";

        @Parameters(index = "1", paramLabel = "NEW", description = "its new name")
        private String newName = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.post("/api/v1/vnvmes/%s/rename".formatted(encoded(name)), new RenameVnvme(newName));
            print(json() ? reply : "%s is now %s".formatted(name, newName));
        }
    }

    @Command(name = "snapshot", description = "Keep a virtual NVMe drive as it is now, also while a guest uses it.")
    static final class Snapshot extends ClientCommand {
        @Parameters(index = "0", paramLabel = "NAME", description = "the vNVMe")
        private String name = "";

        @Parameters(index = "1", paramLabel = "SNAPSHOT", description = "the snapshot's name")
        private String snapshot = "";

        @Override
        protected void run(ApiClient client) {
            String reply =
                    client.post("/api/v1/vnvmes/%s/snapshots".formatted(encoded(name)), new TakeSnapshot(snapshot));
            print(
                    json()
                            ? reply
                            : "took " + client.read(reply, SnapshotInfo.class).name());
        }
    }

    @Command(name = "clone", description = "Create a virtual NVMe drive that begins as a snapshot is.")
    static final class Clone extends ClientCommand {
        @Parameters(index = "0", paramLabel = "NAME@SNAPSHOT", description = "the snapshot")
        private String source = "";

        @Parameters(index = "1", paramLabel = "NEW", description = "the name of the new vNVMe")
        private String name = "";

        @Option(names = "--msi", description = "MSI instead of MSI-X, as in 'vnvme create'")
        private boolean msi;

        @Override
        protected void run(ApiClient client) {
            String reply = client.post("/api/v1/snapshots/clone", new CloneSnapshot(source, name, msi));
            if (json()) {
                print(reply);
                return;
            }
            VnvmeChange change = client.read(reply, VnvmeChange.class);
            print("%s (%s)".formatted(change.outcome(), duration(change.micros())));
        }
    }

    @Command(
            name = "rollback",
            description =
                    "Make a virtual NVMe drive that nobody uses again what its snapshot is; what came after is lost.")
    static final class Rollback extends ClientCommand {
        @Parameters(index = "0", paramLabel = "NAME", description = "the vNVMe")
        private String name = "";

        @Parameters(index = "1", paramLabel = "SNAPSHOT", description = "the snapshot's name")
        private String snapshot = "";

        @Option(names = "--yes", description = "do not ask; nobody is asked either where there is no terminal")
        private boolean yes;

        @Override
        protected void run(ApiClient client) {
            if (!yes) {
                confirmOfPerson("this loses what was written to %s since %s@%s".formatted(name, name, snapshot));
            }
            String reply = client.post("/api/v1/vnvmes/%s/rollback".formatted(encoded(name)), new RollBack(snapshot));
            print(json() ? reply : "%s is as %s@%s".formatted(name, name, snapshot));
        }
    }

    @Command(
            name = "diff",
            description = "Say where two volumes or snapshots may differ, for a backup of what changed.",
            footer = "With one name: where that has data.")
    static final class Diff extends ClientCommand {
        @Parameters(arity = "1..2", paramLabel = "NAME[@SNAPSHOT]", description = "the earlier, then the later")
        private List<String> names = new ArrayList<>();

        @Override
        protected void run(ApiClient client) {
            String from = names.size() == 2 ? names.getFirst() : "";
            String reply = client.get("/api/v1/diff?from=%s&to=%s".formatted(encoded(from), encoded(names.getLast())));
            if (json()) {
                print(reply);
                return;
            }
            DiffInfo diff = client.read(reply, DiffInfo.class);
            Table table = new Table("OFFSET", "LENGTH", "KIND");
            diff.ranges()
                    .forEach(
                            r -> table.row(String.valueOf(r.offsetBytes()), String.valueOf(r.lengthBytes()), r.kind()));
            if (!diff.ranges().isEmpty()) {
                print(table);
            }
            print("%s in %s"
                    .formatted(
                            ByteSize.format(diff.changedBytes()),
                            PoolCommand.counted(diff.ranges().size(), "range")));
        }
    }
}
