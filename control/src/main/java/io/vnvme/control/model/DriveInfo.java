package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A backing drive that the daemon has, or could take.
 *
 * @param name its name
 * @param kind what it is: {@code ram}, {@code null}, {@code file}, {@code block} or {@code nvme-tcp}
 * @param state {@code available}: offered, not claimed; {@code free}: claimed, in no pool; {@code in-pool}; {@code missing};
 *     {@code failed}: see warnings
 * @param uuid its identity, which its superblock holds; absent until it is claimed
 * @param path where it was found last, or the address of what is remote; absent for what is in memory
 * @param sizeBytes capacity in bytes
 * @param blockSizeBytes logical block size in bytes; 0 when not known
 * @param pool the pool it is a member of
 * @param warnings what needs attention
 * @param remote how it is reached, of an open drive that is a namespace of another machine
 */
@Json
public record DriveInfo(
        String name,
        String kind,
        String state,
        @Nullable String uuid,
        @Nullable String path,
        long sizeBytes,
        int blockSizeBytes,
        @Nullable String pool,
        List<String> warnings,
        @Nullable RemoteDriveInfo remote) {}
