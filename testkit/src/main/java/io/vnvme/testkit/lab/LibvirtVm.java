package io.vnvme.testkit.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/** The lab's guest as a domain of a {@link PrivateLibvirt}. */
public final class LibvirtVm implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofMinutes(3);

    private final PrivateLibvirt libvirt;
    private final String name;
    private final Agent agent;

    private LibvirtVm(PrivateLibvirt libvirt, String name, Agent agent) {
        this.libvirt = libvirt;
        this.name = name;
        this.agent = agent;
    }

    /**
     * Defines a domain that libvirt finds valid.
     *
     * @param more elements of the domain: its {@code <memoryBacking>} and what else it shall have
     */
    public static void define(PrivateLibvirt libvirt, String name, String more) {
        Lab lab = libvirt.lab();
        boolean kvm = lab.accel() == Accel.KVM;
        String xml = """
            <domain type='%s' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
              <name>%s</name>
              <memory unit='MiB'>512</memory>
              <vcpu>1</vcpu>
              <os>
                <type arch='x86_64' machine='q35'>hvm</type>
                <loader type='rom'>%s</loader>
                <kernel>%s</kernel>
                <initrd>%s</initrd>
                <cmdline>console=ttyS0 quiet loglevel=4 mitigations=off nokaslr audit=0 panic=-1 lab.agent=ttyS1</cmdline>
              </os>
              <features><acpi/></features>
              <cpu mode='%s'/>
              <devices>
                <emulator>%s</emulator>
                <controller type='pci' model='pcie-root'/>
                <controller type='pci' model='pcie-root-port'/>
                <controller type='pci' model='pcie-root-port'/>
                <controller type='usb' model='none'/>
                <serial type='file'><source path='%s'/><target port='0'/></serial>
                <serial type='unix'><source mode='connect' path='%s'/><target port='1'/></serial>
                <memballoon model='none'/>
              </devices>
              %s
            </domain>
            """.formatted(
                        kvm ? "kvm" : "qemu",
                        name,
                        lab.qboot(),
                        lab.kernel(),
                        lab.initrd(),
                        kvm ? "host-passthrough" : "maximum",
                        lab.qemu(),
                        libvirt.folder().resolve(name + ".console"),
                        agentSocket(libvirt, name),
                        more);
        try {
            Path file = Files.writeString(libvirt.folder().resolve(name + ".xml"), xml);
            libvirt.virsh("define", "--validate", file.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path agentSocket(PrivateLibvirt libvirt, String name) {
        return libvirt.folder().resolve(name + ".agent");
    }

    /** Starts a domain that was defined here, and waits until its guest takes commands. */
    public static LibvirtVm start(PrivateLibvirt libvirt, String name) {
        LibvirtVm vm = launch(libvirt, name);
        vm.agent.awaitReady(START_LIMIT);
        return vm;
    }

    /** Starts a domain that was defined here, whose processors stand still. */
    public static LibvirtVm startPaused(PrivateLibvirt libvirt, String name) {
        return launch(libvirt, name, "--paused");
    }

    private static LibvirtVm launch(PrivateLibvirt libvirt, String name, String... options) {
        Path socket = agentSocket(libvirt, name);
        try {
            Files.deleteIfExists(socket);
            try (ServerSocketChannel server = SocketWait.listen(socket)) {
                // When this returns, QEMU runs and has connected.
                libvirt.virsh(Stream.concat(Stream.of("start", "--domain", name), Stream.of(options))
                        .toArray(String[]::new));
                return new LibvirtVm(libvirt, name, new Agent(server.accept()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a shell script in the guest that must succeed within a minute, and returns its output. */
    public String sh(String script) {
        Result result = agent.run(script, Duration.ofMinutes(1));
        if (!result.ok()) {
            throw new LabException(
                    "VM " + name + ": status " + result.status() + " of: " + script + "\n" + result.output());
        }
        return result.output();
    }

    /** Ends the VM as pulling its plug would; it stays defined. */
    @Override
    public void close() {
        agent.close();
        libvirt.virsh("destroy", "--domain", name);
    }
}
