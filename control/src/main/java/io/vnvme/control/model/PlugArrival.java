package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import java.util.Objects;

/**
 * The devices of a VM on its way are to be plugged into the QEMU that waits for it, which then listens.
 *
 * @param devices all that it has
 */
@Json
public record PlugArrival(List<ArrivalDevice> devices) {
    public PlugArrival {
        TextList.check("devices", devices);
        TextList.check(
                "id",
                devices == null ? null : devices.stream().map(ArrivalDevice::id).toList());
        devices = List.copyOf(Objects.requireNonNullElse(devices, List.of()));
    }
}
