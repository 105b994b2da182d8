package io.vnvme.control.vm;

/** What to do about a VM that cannot take a vNVMe, in the words of whoever manages it. */
enum Advice {
    /** QEMU started by hand or by a script. */
    COMMAND_LINE(
            "start it with -object memory-backend-memfd,id=ram0,size=SIZE,share=on -M q35,memory-backend=ram0",
            "start it with -M q35 and more of -device pcie-root-port,id=rpN,chassis=N",
            "resume it (QMP: cont) and try again",
            "use another"),
    /** A domain of libvirt. */
    LIBVIRT(
            "shut it down, put <memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>"
                    + " into its XML ('virsh edit'), and start it again",
            "shut it down, add <controller type='pci' model='pcie-root-port'/> to the <devices> of its XML ('virsh edit';"
                    + " its <type> needs machine='q35'), once for each drive to come, and start it again",
            "resume it ('virsh resume') and try again",
            "name another as <emulator> in its XML ('virsh edit')");

    private final String sharedMemory;
    private final String freePort;
    private final String resume;
    private final String newerQemu;

    Advice(String sharedMemory, String freePort, String resume, String newerQemu) {
        this.sharedMemory = sharedMemory;
        this.freePort = freePort;
        this.resume = resume;
        this.newerQemu = newerQemu;
    }

    /** Its memory is not shared. */
    String sharedMemory() {
        return sharedMemory;
    }

    /** It has no free PCIe root port. */
    String freePort() {
        return freePort;
    }

    /** It is paused. */
    String resume() {
        return resume;
    }

    /** Its QEMU is too old. */
    String newerQemu() {
        return newerQemu;
    }
}
