package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a virtual NVMe drive.
 *
 * @param name its name: 1 to 40 of a-z, 0-9, '.', '_' and '-', the first a letter or digit
 * @param sizeBytes capacity in bytes, a multiple of 4096
 * @param pool the pool it lies in; absent: the one with the most free space of those that last, or a new one of the claimed drives
 * @param thick take all its space from the pool now
 * @param msi offer MSI instead of MSI-X interrupts, so that every QEMU can unplug it
 * @param blockSizeBytes logical block size, 512 or 4096; absent: 512
 * @param checksum keep a CRC32C of every 4 KiB of data and check it at each read
 * @param doorbells whether clients map its doorbells: {@code mapped}, {@code trapped}, or {@code auto} (as suits the client);
 *     absent: auto
 * @param key encrypts it
 * @param qos its limits, weight and group; absent: no limits, the usual weight, no group
 * @param shared whether a VM and hosts over TCP may have it at the same time
 * @param tcp how hosts reach it over TCP; absent: nobody may, until hosts are allowed
 */
@Json
public record CreateVnvme(
        @Nullable String name,
        long sizeBytes,
        @Nullable String pool,
        boolean thick,
        boolean msi,
        @Nullable Integer blockSizeBytes,
        boolean checksum,
        @Nullable String doorbells,
        @Nullable KeySource key,
        @Nullable ChangeQos qos,
        boolean shared,
        @Nullable TcpAccess tcp) {
    /** A thin one with nothing special. */
    public static CreateVnvme thin(String name, long sizeBytes) {
        return new CreateVnvme(name, sizeBytes, null, false, false, null, false, null, null, null, false, null);
    }

    public CreateVnvme inPool(@Nullable String chosen) {
        return new CreateVnvme(
                name, sizeBytes, chosen, thick, msi, blockSizeBytes, checksum, doorbells, key, qos, shared, tcp);
    }

    public CreateVnvme withMsi(boolean wanted) {
        return new CreateVnvme(
                name, sizeBytes, pool, thick, wanted, blockSizeBytes, checksum, doorbells, key, qos, shared, tcp);
    }
}
