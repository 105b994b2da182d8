package io.vnvme.control.cli;

import io.vnvme.control.model.AttachmentInfo;
import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.RecipeInfo;
import io.vnvme.control.model.VnvmeInfo;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "show", description = "Show a virtual NVMe drive, or how to give it to a VM from its start.")
final class ShowCommand extends ClientCommand {
    @Parameters(paramLabel = "NAME", description = "the vNVMe")
    private String name = "";

    /** One of them, instead of everything else. */
    private static final class Hypervisor {
        @Option(names = "--qemu", description = "QEMU's options that give it to a VM from its start")
        private boolean qemu;

        @Option(names = "--libvirt", description = "what gives it to a domain of libvirt: elements for 'virsh edit'")
        private boolean libvirt;

        @Option(names = "--cloud-hypervisor", description = "Cloud Hypervisor's options that give it to a VM")
        private boolean cloudHypervisor;

        @Option(names = "--proxmox", description = "lines for a VM's file in Proxmox VE, /etc/pve/qemu-server/ID.conf")
        private boolean proxmox;

        /** Exactly one is said. */
        String of(RecipeInfo recipe) {
            return (qemu ? recipe.qemu() : "")
                    + (libvirt ? recipe.libvirt() : "")
                    + (cloudHypervisor ? recipe.cloudHypervisor() : "")
                    + (proxmox ? recipe.proxmox() : "");
        }
    }

    @ArgGroup
    private @Nullable Hypervisor hypervisor;

    @Override
    protected void run(ApiClient client) {
        if (hypervisor != null) {
            String recipe = client.get("/api/v1/vnvmes/%s/recipe".formatted(encoded(name)));
            print(json() ? recipe : hypervisor.of(client.read(recipe, RecipeInfo.class)));
            return;
        }
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
                .formatted(space(vnvme.usedBytes()), space(vnvme.exclusiveBytes()), space(vnvme.sharedBytes())));
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
        vnvme.hosts().forEach(host -> print("host        " + HostCommand.line(host)));
        if (vnvme.paths().size() > 1) {
            vnvme.paths().forEach(path -> print("path        %s: %s".formatted(path.name(), path.state())));
        }
        vnvme.tcp().forEach(line -> print("over TCP    " + line));
        print("created     " + vnvme.createdAt());
        print("QEMU        -device '%s'".formatted(vnvme.qemuDevice()));
        print("            with -object memory-backend-memfd,id=ram0,size=SIZE,share=on -M q35,memory-backend=ram0");
        vnvme.warnings().forEach(this::warn);
    }

    private static String traits(VnvmeInfo vnvme) {
        return (vnvme.thick() ? ", thick" : ", thin")
                + (vnvme.shared() ? ", shared" : "")
                + (vnvme.checksum() ? ", checksums" : "")
                + (vnvme.encrypted() ? ", encrypted" : "");
    }

    static String space(@Nullable Long bytes) {
        return bytes == null ? "unknown" : ByteSize.format(bytes);
    }

    /** Who has it, in a few words. */
    static String where(VnvmeInfo vnvme) {
        AttachmentInfo attachment = vnvme.attachment();
        if (attachment != null) {
            return "VM %s%s".formatted(attachment.vm(), attachment.guestReady() ? "" : ", guest has not started it");
        }
        String clients = vnvme.connections().stream()
                .filter(c -> !c.parked())
                .map(c -> c.host() != null
                        ? "host " + c.host()
                        : c.vm() == null ? "process " + c.pid() : "VM %s, from its start".formatted(c.vm()))
                .collect(Collectors.joining(", "));
        return clients.isEmpty() ? "-" : clients;
    }
}
