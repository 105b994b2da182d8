package io.vnvme.control.service;

import io.vnvme.control.model.Qos;
import io.vnvme.control.plane.VolumeAttributes;
import io.vnvme.control.plane.VolumeSpec;
import io.vnvme.control.store.Access;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.nvme.NamespaceIdentity;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;

/** The identifiers of a vNVMe: all from its volume's, so that they are the same on every host that has the pool. */
final class Identifiers {
    /** Every vNVMe has one namespace, and this is its identifier. */
    private static final int NSID = 1;

    private Identifiers() {}

    static VnvmeRecord record(VolumeSpec volume, String pool, VolumeAttributes attributes) {
        UUID uuid = volume.id();
        NamespaceIdentity identity = NamespaceIdentity.of(uuid);
        return new VnvmeRecord(
                volume.name(),
                uuid.toString(),
                identity.nguid(),
                identity.eui64(),
                "nqn.2014-08.org.nvmexpress:uuid:" + uuid,
                "%016X%04X".formatted(uuid.getMostSignificantBits(), uuid.getLeastSignificantBits() >>> 48),
                NSID,
                volume.blockSizeBytes(),
                pool,
                volume.sizeBytes(),
                volume.thick(),
                volume.checksum(),
                attributes.encrypted(),
                null,
                attributes.msi(),
                attributes.doorbells().word(),
                volume.createdAt().truncatedTo(ChronoUnit.SECONDS).toString(),
                Qos.NONE,
                List.of(),
                Access.USUAL,
                null);
    }
}
