package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Where a PCI function is as its guest has numbered the buses. */
record PciAddress(int bus, int slot, int function) {
    private static final int ENABLE = 1 << 31;

    /**
     * Finds a device.
     *
     * @param buses what query-pci tells
     * @param deviceId as QEMU was given it
     * @throws ProblemException when it is on no bus, as before the guest or its firmware has given the bus a number
     */
    static PciAddress of(Object buses, String deviceId) {
        return find(buses, deviceId)
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.VM_REFUSED, "QEMU shows no PCI device %s".formatted(deviceId)));
    }

    /** Buses hold devices, and bridges among them the devices behind them. */
    private static Optional<PciAddress> find(Object buses, String deviceId) {
        for (Object bus : buses instanceof List<?> list ? list : List.of()) {
            for (Object device :
                    bus instanceof Map<?, ?> map && map.get("devices") instanceof List<?> list ? list : List.of()) {
                if (!(device instanceof Map<?, ?> found)) {
                    continue;
                }
                if (deviceId.equals(found.get("qdev_id"))) {
                    return Optional.of(
                            new PciAddress(number(found, "bus"), number(found, "slot"), number(found, "function")));
                }
                if (found.get("pci_bridge") instanceof Map<?, ?> bridge) {
                    Optional<PciAddress> behind = find(List.of(bridge), deviceId);
                    if (behind.isPresent()) {
                        return behind;
                    }
                }
            }
        }
        return Optional.empty();
    }

    private static int number(Map<?, ?> map, String key) {
        if (map.get(key) instanceof Number number) {
            return number.intValue();
        }
        throw new ProblemException(ProblemCode.VM_NOT_QMP, "QEMU's list of PCI devices has one without " + key);
    }

    /** What CONFIG_ADDRESS selects a dword of the configuration space with (PCI Local Bus 3.0, 3.2.2.3.2). */
    int configAddress(int offset) {
        return ENABLE | (bus << 16) | (slot << 11) | (function << 8) | (offset & 0xfc);
    }
}
