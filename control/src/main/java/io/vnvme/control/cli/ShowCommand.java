package io.vnvme.control.cli;

import io.vnvme.control.model.AttachmentInfo;
import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.ConnectionInfo;
import io.vnvme.control.model.VnvmeInfo;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "show", description = "Show a virtual NVMe drive, and how to give it to QEMU from the start.")
final class ShowCommand extends ClientCommand {
    @Parameters(paramLabel = "NAME", description = "the vNVMe")
    private String name = "";

    @Override
    protected void run(ApiClient client) {
        String reply = client.get("/api/v1/vnvmes/" + encoded(name));
        if (json()) {
            print(reply);
            return;
        }
        VnvmeInfo vnvme = client.read(reply, VnvmeInfo.class);
        String where = where(vnvme);
        print("name        " + vnvme.name());
        print("state       " + vnvme.state() + (where.equals("-") ? "" : ": " + where));
        print("size        %s, blocks of %d bytes"
                .formatted(ByteSize.format(vnvme.sizeBytes()), vnvme.blockSizeBytes()));
        print("pool        %s%s".formatted(vnvme.pool(), traits(vnvme)));
        print("space       %s used: %s exclusive, %s shared"
                .formatted(
                        ByteSize.format(vnvme.usedBytes()),
                        ByteSize.format(vnvme.exclusiveBytes()),
                        ByteSize.format(vnvme.sharedBytes())));
        if (vnvme.origin() != null || vnvme.snapshotCount() > 0) {
            print("snapshots   %d%s"
                    .formatted(
                            vnvme.snapshotCount(), vnvme.origin() == null ? "" : "; it grows from " + vnvme.origin()));
        }
        print("qos         " + QosCommand.text(vnvme.qos()));
        print("interrupts  " + vnvme.interrupts());
        print("doorbells   " + vnvme.doorbells());
        print("socket      " + vnvme.socket());
        print("subsystem   %s, serial %s".formatted(vnvme.nqn(), vnvme.serial()));
        print("namespace   %d, uuid %s".formatted(vnvme.nsid(), vnvme.uuid()));
        print("            nguid %s, eui64 %s".formatted(vnvme.nguid(), vnvme.eui64()));
        print("created     " + vnvme.createdAt());
        print("QEMU        -device '%s'".formatted(vnvme.qemuDevice()));
        print("            with -object memory-backend-memfd,id=ram0,size=SIZE,share=on -M q35,memory-backend=ram0");
        vnvme.warnings().forEach(this::warn);
    }

    private static String traits(VnvmeInfo vnvme) {
        return (vnvme.thick() ? ", thick" : ", thin")
                + (vnvme.checksum() ? ", checksums" : "")
                + (vnvme.encrypted() ? ", encrypted" : "");
    }

    /** Who has it, in a few words. */
    static String where(VnvmeInfo vnvme) {
        AttachmentInfo attachment = vnvme.attachment();
        if (attachment != null) {
            return "VM %s%s".formatted(attachment.vm(), attachment.guestReady() ? "" : ", guest has not started it");
        }
        String clients = vnvme.connections().stream()
                .filter(c -> !c.parked())
                .map(ConnectionInfo::pid)
                .map(pid -> "process " + pid)
                .collect(Collectors.joining(", "));
        return clients.isEmpty() ? "-" : clients;
    }
}
