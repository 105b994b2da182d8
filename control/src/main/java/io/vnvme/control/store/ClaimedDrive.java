package io.vnvme.control.store;

import io.avaje.jsonb.Json;

/**
 * A drive under the daemon's control.
 *
 * @param name unique among drives
 * @param uuid its identity, which its superblock holds
 * @param kind {@code ram}, {@code null}, {@code file}, {@code block} or {@code nvme-tcp}
 * @param path where it was found last, or the address of what is remote; empty for what is in memory
 * @param sizeBytes capacity in bytes
 * @param claimedAt RFC 3339
 */
@Json
public record ClaimedDrive(String name, String uuid, String kind, String path, long sizeBytes, String claimedAt) {
    /** Whether it is a drive in the daemon's memory, and empty after a restart. */
    public boolean inMemory() {
        return kind.equals("ram") || isNull();
    }

    /** Whether nothing is kept of what guests write to it. */
    public boolean isNull() {
        return kind.equals("null");
    }

    /** The same drive as it was found. */
    public ClaimedDrive at(String newPath, long newSizeBytes) {
        return new ClaimedDrive(name, uuid, kind, newPath, newSizeBytes, claimedAt);
    }
}
