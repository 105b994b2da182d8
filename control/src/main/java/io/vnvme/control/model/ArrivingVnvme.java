package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A vNVMe that comes from another daemon with the VM that uses it.
 *
 * @param name its name, which has to be free
 * @param uuid its identity, from which all its identifiers are
 * @param sizeBytes its capacity
 * @param usedBytes that it will take at least
 * @param blockSizeBytes logical block size
 * @param thick all its space is set aside
 * @param checksum its data is checked
 * @param msi offers MSI instead of MSI-X
 * @param doorbells {@code mapped}, {@code trapped} or {@code auto}; absent: auto
 * @param createdAt RFC 3339
 * @param qos limits, weight and group, which is dropped where there is none of that name
 * @param hosts NQNs of those that may connect over TCP once it is there
 * @param shared a VM and hosts may have it at the same time
 * @param pool name of the pool that it is in
 * @param deviceId of the VM's device
 * @param port that the device is plugged into
 */
@Json
public record ArrivingVnvme(
        String name,
        String uuid,
        long sizeBytes,
        long usedBytes,
        int blockSizeBytes,
        boolean thick,
        boolean checksum,
        boolean msi,
        @Nullable String doorbells,
        String createdAt,
        Qos qos,
        List<String> hosts,
        boolean shared,
        String pool,
        String deviceId,
        String port) {
    public ArrivingVnvme {
        TextList.check("hosts", hosts);
        hosts = List.copyOf(Objects.requireNonNullElse(hosts, List.of()));
    }
}
