package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * A backing drive that the daemon has, or could take.
 *
 * @param name its name
 * @param kind what it is: {@code ram}
 * @param state {@code available}, or {@code claimed}: under the daemon's control
 * @param sizeBytes capacity in bytes
 * @param freeBytes bytes that no vNVMe has; 0 until it is claimed
 * @param largestFreeBytes the largest vNVMe that fits, in bytes
 * @param vnvmeCount how many vNVMes lie on it
 */
@Json
public record DriveInfo(
        String name,
        String kind,
        String state,
        long sizeBytes,
        long freeBytes,
        long largestFreeBytes,
        int vnvmeCount) {}
