package io.vnvme.control.cli;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.SnapshotInfo;
import io.vnvme.control.model.VnvmeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(name = "ls", description = "List virtual NVMe drives, and their snapshots.")
final class ListCommand extends WatchableCommand {
    @Option(names = "--snapshots", description = "also snapshots, as the tree that volumes grow from")
    private boolean snapshots;

    @Option(names = "--vm", paramLabel = "VM", description = "only those attached to that VM")
    private @Nullable String vm;

    @Override
    String page(ApiClient client, int width) {
        if (vm != null && snapshots) {
            throw usage("--vm and --snapshots exclude each other: snapshots are attached to no VM");
        }
        String reply = client.get("/api/v1/vnvmes" + (vm == null ? "" : "?vm=" + encoded(vm)));
        if (json()) {
            return snapshots ? client.get("/api/v1/snapshots") : reply;
        }
        List<VnvmeInfo> vnvmes = client.readList(reply, VnvmeInfo.class);
        if (snapshots) {
            List<SnapshotInfo> all = client.readList(client.get("/api/v1/snapshots"), SnapshotInfo.class);
            return SnapshotTree.table(vnvmes, all).page(width);
        }
        if (vnvmes.isEmpty()) {
            return vm == null
                    ? "no vNVMes: make one with 'vnvme create NAME --size 20G'"
                    : "VM %s has no vNVMe: give it one with 'vnvme attach NAME --vm VM'".formatted(vm);
        }
        Table table = new Table("NAME", "SIZE", "USED", "POOL", "SNAPS", "STATE", "WHERE");
        for (VnvmeInfo vnvme : vnvmes) {
            table.row(
                    vnvme.name(),
                    ByteSize.format(vnvme.sizeBytes()),
                    ShowCommand.space(vnvme.usedBytes()),
                    vnvme.pool(),
                    String.valueOf(vnvme.snapshotCount()),
                    vnvme.warnings().isEmpty() ? vnvme.state() : vnvme.state() + " (!)",
                    ShowCommand.where(vnvme));
        }
        return table.page(width);
    }
}
