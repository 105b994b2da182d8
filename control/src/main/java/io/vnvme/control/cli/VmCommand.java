package io.vnvme.control.cli;

import io.vnvme.control.model.HypervisorInfo;
import io.vnvme.control.model.VmDriveInfo;
import io.vnvme.control.model.VmInfo;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "vm",
        description = "Virtual machines that drives can be attached to.",
        subcommands = {VmCommand.Ls.class, VmCommand.Show.class})
final class VmCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: ls or show");
    }

    @Command(name = "ls", description = "List libvirt's domains, and VMs that drives were attached to by QMP sockets.")
    static final class Ls extends ClientCommand {
        @Override
        protected void run(ApiClient client) {
            String reply = client.get("/api/v1/vms");
            if (json()) {
                print(reply);
                return;
            }
            List<VmInfo> vms = client.readList(reply, VmInfo.class);
            if (vms.isEmpty()) {
                print("no VMs: 'vnvme attach NAME --qmp SOCKET' takes any QEMU by its QMP socket");
            } else {
                Table table = new Table("NAME", "STATE", "BY", "VNVMES");
                vms.forEach(vm -> table.row(
                        vm.name(),
                        vm.warnings().isEmpty() ? vm.state() : vm.state() + " (!)",
                        vm.qmp() == null ? vm.source() : vm.qmp(),
                        names(vm)));
                print(table);
            }
            client.readList(client.get("/api/v1/hypervisors"), HypervisorInfo.class).stream()
                    .filter(h -> h.state().equals("unreachable"))
                    .forEach(h -> warn(h.detail()));
        }

        private static String names(VmInfo vm) {
            String names = vm.drives().stream().map(VmDriveInfo::vnvme).collect(Collectors.joining(", "));
            return names.isEmpty() ? "-" : names;
        }
    }

    @Command(name = "show", description = "Show a virtual machine and what is attached to it.")
    static final class Show extends ClientCommand {
        @Parameters(paramLabel = "VM", description = "its name")
        private String name = "";

        @Override
        protected void run(ApiClient client) {
            String reply = client.get("/api/v1/vms/" + encoded(name));
            if (json()) {
                print(reply);
                return;
            }
            VmInfo vm = client.read(reply, VmInfo.class);
            print("name        " + vm.name());
            print("state       " + vm.state());
            print("reached by  " + (vm.qmp() == null ? "%s, uuid %s".formatted(vm.source(), vm.uuid()) : vm.qmp()));
            vm.drives()
                    .forEach(d -> print("vNVMe       %s %s%s"
                            .formatted(
                                    d.vnvme(),
                                    d.since() == null
                                            ? "from the VM's start"
                                            : "since %s, device %s".formatted(d.since(), d.deviceId()),
                                    d.guestReady() ? "" : "; its guest has not started it")));
            if (vm.parkedCount() > 0) {
                print("parked      %d empty controllers, for the next vNVMes".formatted(vm.parkedCount()));
            }
            vm.warnings().forEach(this::warn);
        }
    }
}
