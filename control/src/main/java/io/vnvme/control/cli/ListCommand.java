package io.vnvme.control.cli;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.VnvmeInfo;
import java.util.List;
import picocli.CommandLine.Command;

@Command(name = "ls", description = "List virtual NVMe drives.")
final class ListCommand extends ClientCommand {
    @Override
    void run(ApiClient client) {
        String reply = client.get("/api/v1/vnvmes");
        if (json()) {
            print(reply);
            return;
        }
        List<VnvmeInfo> vnvmes = client.readList(reply, VnvmeInfo.class);
        if (vnvmes.isEmpty()) {
            print("no vNVMes: make one with 'vnvme create NAME --size 20G'");
            return;
        }
        Table table = new Table("NAME", "SIZE", "DRIVE", "STATE", "WHERE");
        for (VnvmeInfo vnvme : vnvmes) {
            table.row(
                    vnvme.name(),
                    ByteSize.format(vnvme.sizeBytes()),
                    vnvme.drive(),
                    vnvme.warnings().isEmpty() ? vnvme.state() : vnvme.state() + " (!)",
                    ShowCommand.where(vnvme));
        }
        print(table);
    }
}
