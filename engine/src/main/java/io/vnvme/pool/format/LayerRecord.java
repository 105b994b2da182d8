package io.vnvme.pool.format;

import java.util.UUID;

/**
 * A layer's attributes: everything but its map.
 *
 * @param id 1 and up, never used again
 * @param parent id of the layer that shows through where this one has nothing; 0: none
 * @param name {@code NAME} of a volume, {@code NAME@SNAP} of a snapshot, empty of a hidden layer
 * @param thick true when the space of the whole volume is set aside
 * @param checksums true when each block of data has a CRC32C
 * @param blockSizeBytes the logical block size that hosts see
 * @param sizeBytes a multiple of 4096
 * @param overlapBytes where the parent stops to show through; at most the sizes of both
 * @param uuid identity of the volume or snapshot
 * @param createdAtMillis since the epoch
 * @param attributes what the owner keeps with it, at most {@link #ATTRIBUTE_BYTES_MAX} bytes
 */
@SuppressWarnings("ArrayRecordComponent")
public record LayerRecord(
        int id,
        int parent,
        Kind kind,
        String name,
        boolean thick,
        boolean checksums,
        int blockSizeBytes,
        long sizeBytes,
        long overlapBytes,
        UUID uuid,
        long createdAtMillis,
        byte[] attributes) {
    /** More than any takes in the journal or a catalog. */
    public static final int BYTES_MAX = 2560;

    public static final int NAME_BYTES_MAX = 200;
    public static final int ATTRIBUTE_BYTES_MAX = 2048;

    /** What a layer is to people. */
    public enum Kind {
        /** The writable end of a volume. */
        VOLUME(1),
        /** Frozen, and named. */
        SNAPSHOT(2),
        /** Frozen, and kept only for the layers above it. */
        HIDDEN(3);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        /** The number in the journal and the catalog. */
        int code() {
            return code;
        }

        static Kind of(int code) {
            for (Kind kind : values()) {
                if (kind.code == code) {
                    return kind;
                }
            }
            throw new FormatException("a layer of kind %d is not known".formatted(code));
        }
    }

    public LayerRecord as(Kind newKind, String newName) {
        return new LayerRecord(
                id,
                parent,
                newKind,
                newName,
                thick,
                checksums,
                blockSizeBytes,
                sizeBytes,
                overlapBytes,
                uuid,
                createdAtMillis,
                attributes);
    }

    public LayerRecord withUuid(UUID newUuid) {
        return new LayerRecord(
                id,
                parent,
                kind,
                name,
                thick,
                checksums,
                blockSizeBytes,
                sizeBytes,
                overlapBytes,
                newUuid,
                createdAtMillis,
                attributes);
    }

    public LayerRecord above(int newParent, long newOverlapBytes) {
        return new LayerRecord(
                id,
                newParent,
                kind,
                name,
                thick,
                checksums,
                blockSizeBytes,
                sizeBytes,
                newOverlapBytes,
                uuid,
                createdAtMillis,
                attributes);
    }

    public LayerRecord sized(long newSizeBytes, long newOverlapBytes) {
        return new LayerRecord(
                id,
                parent,
                kind,
                name,
                thick,
                checksums,
                blockSizeBytes,
                newSizeBytes,
                newOverlapBytes,
                uuid,
                createdAtMillis,
                attributes);
    }

    public LayerRecord withAttributes(byte[] newAttributes) {
        return new LayerRecord(
                id,
                parent,
                kind,
                name,
                thick,
                checksums,
                blockSizeBytes,
                sizeBytes,
                overlapBytes,
                uuid,
                createdAtMillis,
                newAttributes.clone());
    }
}
