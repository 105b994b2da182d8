package io.vnvme.control.plane;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * A volume, or a snapshot {@code VOLUME@NAME}.
 *
 * @param parent the snapshot it grows from
 * @param attributes what the control plane keeps with it
 * @param doubt why it is read-only or stopped; nothing when it is not
 */
@SuppressWarnings("ArrayRecordComponent")
public record LayerFacts(
        String name,
        UUID id,
        Optional<String> parent,
        long sizeBytes,
        int blockSizeBytes,
        boolean thick,
        boolean checksum,
        Instant createdAt,
        byte[] attributes,
        Optional<String> doubt) {
    public boolean snapshot() {
        return name.indexOf('@') >= 0;
    }
}
