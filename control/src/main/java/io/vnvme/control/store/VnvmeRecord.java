package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import io.vnvme.control.model.Qos;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A vNVMe: the volume it shows, and the identifiers that guests know it by, which never change.
 *
 * @param name unique among vNVMes; also the volume's
 * @param uuid of the volume and its namespace
 * @param nguid namespace NGUID, 32 hexadecimal digits
 * @param eui64 namespace EUI64, 16 hexadecimal digits
 * @param nqn NVMe Qualified Name of its subsystem
 * @param serial 20 characters
 * @param nsid namespace identifier
 * @param blockSizeBytes logical block size, 512 or 4096
 * @param pool name of the pool it lies in
 * @param sizeBytes its capacity
 * @param thick all its space is set aside
 * @param checksum its data is checked
 * @param encrypted its data is encrypted
 * @param keyFile read at each start to open it; absent: asked for
 * @param msi offers MSI instead of MSI-X
 * @param doorbells {@code mapped}, {@code trapped} or {@code auto}; absent: auto
 * @param createdAt RFC 3339
 * @param qos limits, weight and group
 * @param hosts NQNs of those that may connect over TCP, in the order of their being allowed
 * @param access how clients reach it
 * @param givenTo the daemon that it was given to with its VM, and is not known to have taken it: it may be written there, so it is
 *     served here no more; absent: it is this one's
 */
@Json
public record VnvmeRecord(
        String name,
        String uuid,
        String nguid,
        String eui64,
        String nqn,
        String serial,
        int nsid,
        int blockSizeBytes,
        String pool,
        long sizeBytes,
        boolean thick,
        boolean checksum,
        boolean encrypted,
        @Nullable String keyFile,
        boolean msi,
        @Nullable String doorbells,
        String createdAt,
        Qos qos,
        List<String> hosts,
        Access access,
        @Nullable GivenTo givenTo) {
    public VnvmeRecord {
        // States of before hosts have none, nor paths.
        hosts = List.copyOf(Objects.requireNonNullElse(hosts, List.of()));
        access = Objects.requireNonNullElse(access, Access.USUAL);
    }

    public VnvmeRecord inPool(String newPool) {
        return with(name, newPool, sizeBytes, keyFile, qos, hosts, access, givenTo);
    }

    public VnvmeRecord named(String newName) {
        return with(newName, pool, sizeBytes, keyFile, qos, hosts, access, givenTo);
    }

    public VnvmeRecord sized(long newSizeBytes) {
        return with(name, pool, newSizeBytes, keyFile, qos, hosts, access, givenTo);
    }

    public VnvmeRecord withKeyFile(@Nullable String path) {
        return with(name, pool, sizeBytes, path, qos, hosts, access, givenTo);
    }

    public VnvmeRecord withQos(Qos newQos) {
        return with(name, pool, sizeBytes, keyFile, newQos, hosts, access, givenTo);
    }

    public VnvmeRecord withHosts(List<String> newHosts) {
        return with(name, pool, sizeBytes, keyFile, qos, newHosts, access, givenTo);
    }

    public VnvmeRecord withAccess(Access newAccess) {
        return with(name, pool, sizeBytes, keyFile, qos, hosts, newAccess, givenTo);
    }

    public VnvmeRecord given(@Nullable GivenTo to) {
        return with(name, pool, sizeBytes, keyFile, qos, hosts, access, to);
    }

    private VnvmeRecord with(
            String newName,
            String newPool,
            long newSizeBytes,
            @Nullable String newKeyFile,
            Qos newQos,
            List<String> newHosts,
            Access newAccess,
            @Nullable GivenTo newGivenTo) {
        return new VnvmeRecord(
                newName,
                uuid,
                nguid,
                eui64,
                nqn,
                serial,
                nsid,
                blockSizeBytes,
                newPool,
                newSizeBytes,
                thick,
                checksum,
                encrypted,
                newKeyFile,
                msi,
                doorbells,
                createdAt,
                newQos,
                newHosts,
                newAccess,
                newGivenTo);
    }
}
