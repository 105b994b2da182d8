package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks the daemon to take control of a drive.
 *
 * @param spec an offered drive such as {@code ram0}, {@code ram:512M}, {@code null:1T}, a block device ({@code /dev/...}), a
 *     file, or a remote namespace ({@code nvme-tcp://HOST[:PORT][,HOST[:PORT]...]/NQN[?nsid=1&loss-time=25s]})
 * @param sizeBytes makes the file, with that capacity in bytes; absent: the file is there
 * @param name the drive's name; absent: from the spec
 * @param force destroy what is on it
 * @param keys by which this daemon and the target of a remote namespace show each other who they are; absent: those that there are
 */
@Json
public record ClaimDrive(
        @Nullable String spec,
        @Nullable Long sizeBytes,
        @Nullable String name,
        boolean force,
        @Nullable SetDriveKeys keys) {
    /** With the keys that there are. */
    public static ClaimDrive of(@Nullable String spec, @Nullable Long sizeBytes, @Nullable String name, boolean force) {
        return new ClaimDrive(spec, sizeBytes, name, force, null);
    }
}
