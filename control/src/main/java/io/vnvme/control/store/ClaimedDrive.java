package io.vnvme.control.store;

import io.avaje.jsonb.Json;

/**
 * A drive under the daemon's control.
 *
 * @param name unique among drives
 * @param uuid its identity, which its superblock holds
 * @param kind {@code ram}, {@code file} or {@code block}
 * @param path where it was found last; empty for RAM
 * @param sizeBytes capacity in bytes
 * @param claimedAt RFC 3339
 */
@Json
public record ClaimedDrive(String name, String uuid, String kind, String path, long sizeBytes, String claimedAt) {
    public boolean isRam() {
        return kind.equals("ram");
    }

    /** The same drive as it was found. */
    public ClaimedDrive at(String newPath, long newSizeBytes) {
        return new ClaimedDrive(name, uuid, kind, newPath, newSizeBytes, claimedAt);
    }
}
