package io.vnvme.control.store;

import io.avaje.jsonb.Json;

/**
 * A vNVMe: its place on a drive, and the identifiers that guests know it by, which never change.
 *
 * @param name unique among vNVMes
 * @param uuid namespace UUID
 * @param nguid namespace NGUID, 32 hexadecimal digits
 * @param eui64 namespace EUI64, 16 hexadecimal digits
 * @param nqn NVMe Qualified Name of its subsystem
 * @param serial 20 characters
 * @param nsid namespace identifier
 * @param blockSizeBytes logical block size, 512 or 4096
 * @param drive name of the drive it lies on
 * @param offsetBytes where it begins there
 * @param sizeBytes its capacity
 * @param msi offers MSI instead of MSI-X
 * @param createdAt RFC 3339
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
        String drive,
        long offsetBytes,
        long sizeBytes,
        boolean msi,
        String createdAt) {}
