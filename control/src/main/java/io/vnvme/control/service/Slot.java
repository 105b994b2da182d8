package io.vnvme.control.service;

import io.vnvme.control.plane.DataPlane.Connection;
import io.vnvme.control.vm.QemuVersion;
import io.vnvme.control.vm.VmAddress;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A controller that was plugged into a VM: it shows one vNVMe, or is parked until the VM's next attach. Changed under
 * the VM's lock, read by anyone.
 */
final class Slot {
    private final VmAddress address;
    private final String vm;
    private final QemuVersion qemu;
    private final String deviceId;
    private final String home;
    private final boolean msi;
    private final Connection connection;
    private volatile @Nullable String shown;
    private volatile String since = "";
    private volatile boolean slow;

    /**
     * @param home the vNVMe whose socket the VM is connected to
     * @param msi its controller has MSI, not MSI-X
     */
    Slot(
            VmAddress address,
            String vm,
            QemuVersion qemu,
            String deviceId,
            String home,
            boolean msi,
            Connection connection) {
        this.address = address;
        this.vm = vm;
        this.qemu = qemu;
        this.deviceId = deviceId;
        this.home = home;
        this.msi = msi;
        this.connection = connection;
    }

    VmAddress address() {
        return address;
    }

    String vm() {
        return vm;
    }

    String deviceId() {
        return deviceId;
    }

    String home() {
        return home;
    }

    boolean msi() {
        return msi;
    }

    Connection connection() {
        return connection;
    }

    /** The vNVMe it shows; nothing while it is parked. */
    Optional<String> shown() {
        return Optional.ofNullable(shown);
    }

    /** When it began to show that, RFC 3339. */
    String since() {
        return since;
    }

    /** Whether the guest's memory is reached by messages. */
    boolean slow() {
        return slow;
    }

    void slow(boolean slow) {
        this.slow = slow;
    }

    void show(String vnvme) {
        since = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        shown = vnvme;
    }

    void park() {
        shown = null;
    }

    /** Whether PCI unplug is safe, or only the namespace can be taken out. */
    boolean unplugs() {
        return msi || qemu.unplugsMsix();
    }

    boolean open() {
        return connection.open();
    }
}
