package io.vnvme.testkit.lab;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How a VM is made. Starts as one CPU, 512 MiB of shared memory, two free root ports, the lab's kernel by way of qboot. */
public final class VmConfig {
    private final Lab lab;
    private final List<Path> drives = new ArrayList<>();
    private final List<String> extra = new ArrayList<>();
    private String name = "vm";
    private int memoryMiB = 512;
    private boolean sharedMemory = true;
    private String smp = "1";
    private int rootPorts = 2;
    private boolean iommu;
    private Firmware firmware = Firmware.QBOOT;
    private boolean bootFromDrive;
    private String kernelWords = "";
    private @Nullable Path folder;

    VmConfig(Lab lab) {
        this.lab = lab;
    }

    /** The name in logs and messages. */
    public VmConfig name(String value) {
        name = value;
        return this;
    }

    public VmConfig memoryMiB(int value) {
        memoryMiB = value;
        return this;
    }

    /** Guest memory that a vfio-user server can map; without it every transfer is a message. */
    public VmConfig sharedMemory(boolean value) {
        sharedMemory = value;
        return this;
    }

    /** QEMU's {@code -smp}: a count, or more, such as {@code 1,maxcpus=32}. */
    public VmConfig smp(String value) {
        smp = value;
        return this;
    }

    /** Free PCIe root ports {@code rp0}, {@code rp1} ... for what is hot-plugged. */
    public VmConfig rootPorts(int value) {
        rootPorts = value;
        return this;
    }

    /** An Intel IOMMU with interrupt remapping, used by the guest in its strict mode: each transfer is mapped and unmapped. */
    public VmConfig iommu(boolean value) {
        iommu = value;
        return this;
    }

    public VmConfig firmware(Firmware value) {
        firmware = value;
        return this;
    }

    /** A vNVMe that is there from the start, as device {@code drive0}, {@code drive1} ... */
    public VmConfig drive(Path socket) {
        drives.add(socket);
        return this;
    }

    /** Lets the firmware start what the first drive holds, instead of the lab's kernel. */
    public VmConfig bootFromDrive() {
        bootFromDrive = true;
        return this;
    }

    /** More words for the kernel's command line. */
    public VmConfig kernelWords(String value) {
        kernelWords = value;
        return this;
    }

    /** More arguments for QEMU. */
    public VmConfig arguments(String... values) {
        extra.addAll(List.of(values));
        return this;
    }

    /** Where the VM's console log stays when it is over; otherwise a temporary folder that lasts only when something went wrong. */
    public VmConfig keepLogsIn(Path value) {
        folder = value;
        return this;
    }

    /**
     * Starts the VM and waits until its guest takes commands.
     *
     * @throws LabException when it does not get there; the message holds the end of its console
     */
    public Vm start() {
        return Vm.start(lab, this);
    }

    /**
     * Starts a QEMU that waits for a VM described like this one to come to it ({@code migrate-incoming}); its guest
     * takes commands when it has.
     *
     * @throws LabException when QEMU ends instead
     */
    public Vm startIncoming() {
        arguments("-incoming", "defer", "-S");
        return Vm.startIncoming(lab, this);
    }

    String name() {
        return name;
    }

    @Nullable
    Path folder() {
        return folder;
    }

    int rootPorts() {
        return rootPorts;
    }

    /** The command line; {@code folder} has the sockets and logs. */
    List<String> commandLine(Path folder) {
        List<String> line = new ArrayList<>(List.of(lab.qemu().toString(), "-name", name));
        line.addAll(List.of("-nodefaults", "-no-user-config", "-display", "none", "-m", memoryMiB + "M", "-smp", smp));
        line.addAll(List.of("-M", machine(), "-object", memory()));
        line.addAll(List.of("-accel", lab.accel() == Accel.KVM ? "kvm" : "tcg,thread=multi"));
        line.addAll(List.of("-cpu", lab.accel() == Accel.KVM ? "host" : "max"));
        if (iommu) {
            line.addAll(List.of("-device", "intel-iommu,intremap=on,caching-mode=on"));
        }
        addFirmware(line, folder);
        addPorts(line, folder);
        for (int i = 0; i < rootPorts; i++) {
            line.addAll(List.of("-device", "pcie-root-port,id=rp" + i + ",chassis=" + (i + 1)));
        }
        for (int i = 0; i < drives.size(); i++) {
            line.addAll(List.of("-device", "pcie-root-port,id=dp" + i + ",chassis=" + (100 + i)));
            line.addAll(List.of("-device", driveDevice(i)));
        }
        line.addAll(extra);
        return line;
    }

    private String machine() {
        String unused = "sata=off,smbus=off,usb=off,vmport=off,i8042=off,hpet=off,graphics=off";
        return "q35," + unused + ",memory-backend=ram" + (iommu ? ",kernel-irqchip=split" : "");
    }

    private String memory() {
        return sharedMemory
                ? "memory-backend-memfd,id=ram,share=on,size=" + memoryMiB + "M"
                : "memory-backend-ram,id=ram,share=off,size=" + memoryMiB + "M";
    }

    private void addFirmware(List<String> line, Path folder) {
        switch (firmware) {
            case QBOOT -> line.addAll(List.of("-bios", "qboot.rom"));
            case SEABIOS -> {}
            case OVMF ->
                line.addAll(List.of(
                        "-drive",
                                "if=pflash,format=raw,readonly=on,file="
                                        + lab.ovmf().resolve("OVMF_CODE_4M.fd"),
                        "-drive", "if=pflash,format=raw,file=" + folder.resolve("uefi-variables")));
        }
        if (!bootFromDrive) {
            line.addAll(List.of(
                    "-kernel",
                    lab.kernel().toString(),
                    "-initrd",
                    lab.initrd().toString(),
                    "-append",
                    "console=ttyS0 quiet loglevel=4 mitigations=off nokaslr no5lvl audit=0 tsc=reliable no_timer_check"
                            + " cryptomgr.notests panic=-1 lab.agent=ttyS1 "
                            + (iommu ? "intel_iommu=on iommu.strict=1 " : "")
                            + kernelWords));
        }
    }

    private static void addPorts(List<String> line, Path folder) {
        line.addAll(List.of(
                "-chardev", "file,id=console,path=" + folder.resolve("console.log"), "-serial", "chardev:console"));
        line.addAll(List.of("-chardev", "socket,id=agent,path=" + folder.resolve("agent"), "-serial", "chardev:agent"));
        line.addAll(List.of("-qmp", "unix:" + folder.resolve("own-qmp")));
        line.addAll(List.of("-qmp", "unix:" + folder.resolve("qmp.sock") + ",server=on,wait=off"));
    }

    private String driveDevice(int index) {
        String boot = bootFromDrive && index == 0 ? ",\"bootindex\":0" : "";
        return "{\"driver\":\"vfio-user-pci\",\"id\":\"drive" + index + "\",\"bus\":\"dp" + index + "\"" + boot
                + ",\"socket\":{\"type\":\"unix\",\"path\":\"" + drives.get(index) + "\"}}";
    }
}
