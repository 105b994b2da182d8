package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.util.Optional;

/** Opens the monitors of VMs, wherever they are. */
public final class Connector {
    private final Optional<Libvirt> libvirt;

    /** @param libvirt the one that is asked, if any */
    public Connector(Optional<Libvirt> libvirt) {
        this.libvirt = libvirt;
    }

    public Optional<Libvirt> libvirt() {
        return libvirt;
    }

    /** @throws ProblemException when no QEMU answers there */
    public QemuVm connect(VmAddress address) {
        return switch (address) {
            case VmAddress.Socket socket -> QemuVm.of(address, Qmp.connect(socket.path()));
            case VmAddress.Domain domain -> QemuVm.of(address, required().monitor(domain));
        };
    }

    private Libvirt required() {
        return libvirt.orElseThrow(
                () -> new ProblemException(
                        ProblemCode.LIBVIRT_UNREACHABLE,
                        "this daemon asks no libvirt: install virsh (Debian: libvirt-clients), or start the daemon with --libvirt URI"));
    }

    /** As whom the QEMU at {@code address} runs, where that can be known. */
    public Optional<Libvirt.Owner> owner(VmAddress address) {
        return switch (address) {
            case VmAddress.Socket _ -> Optional.empty();
            case VmAddress.Domain domain -> required().owner(domain);
        };
    }
}
