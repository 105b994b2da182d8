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
        remember();
    }

    void show(String vnvme) {
        since = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        shown = vnvme;
        remember();
    }

    void park() {
        shown = null;
        remember();
    }

    /** Another daemon that takes up the connection is to know the slot. */
    void remember() {
        connection.memo(new SlotMemo(address, vm, qemu, deviceId, home, msi, since, slow).text());
    }

    /** The slot that another daemon remembered with a connection; nothing when it did not plug that in. */
    static Optional<Slot> of(Connection connection) {
        return SlotMemo.of(connection.memo()).map(memo -> {
            Slot slot = new Slot(
                    memo.address(), memo.vm(), memo.qemu(), memo.deviceId(), memo.home(), memo.msi(), connection);
            slot.since = memo.since();
            slot.slow = memo.slow();
            slot.shown = connection.shown().stream().findFirst().orElse(null);
            return slot;
        });
    }

    /** Whether PCI unplug is safe, or only the namespace can be taken out. */
    boolean unplugs() {
        return msi || qemu.unplugsMsix();
    }

    boolean open() {
        return connection.open();
    }
}
