package io.vnvme.pool.mirror;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What a mirror knows about its replicas, on each of them (docs/formats/mirror.md).
 *
 * @param set identity of the mirror
 * @param sizeBytes of the mirror: what its smallest drive had when it was made
 * @param generation counts the headers written; the highest one counts
 * @param slots by replica index
 */
record MirrorHeader(UUID set, long sizeBytes, long generation, List<Slot> slots) {
    static final int NO_PLANE = -1;

    /** "vNVMeMir" read as a little endian number. */
    private static final long MAGIC = 0x72694d654d564e76L;

    private static final int VERSION = 1;
    private static final int SLOTS = 64;
    private static final int SLOT_SIZE = 32;
    private static final int CRC = 8;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * One replica.
     *
     * @param plane which stale bits are this replica's, or {@link #NO_PLANE}
     * @param lastGeneration of a stale replica: the last header that it can have, unless it was used apart from the others
     * @param heirs of one that was missing when the mirror was loaded: a bit for each that was current and there; else 0
     */
    record Slot(ReplicaState state, int plane, long lastGeneration, int heirs) {}

    MirrorHeader {
        slots = List.copyOf(slots);
    }

    /** Writes the header into a block of 4 KiB. */
    void encode(MemorySegment block) {
        block.asSlice(0, AreaGeometry.BLOCK_BYTES).fill((byte) 0);
        block.set(U64, 0, MAGIC);
        block.set(U32, 12, VERSION);
        block.set(U64, 16, set.getMostSignificantBits());
        block.set(U64, 24, set.getLeastSignificantBits());
        block.set(U64, 32, generation);
        block.set(U32, 40, slots.size());
        block.set(U64, 48, sizeBytes);
        for (int i = 0; i < slots.size(); i++) {
            Slot slot = slots.get(i);
            long at = SLOTS + (long) i * SLOT_SIZE;
            block.set(U32, at, slot.state().code());
            block.set(U32, at + 4, slot.plane());
            block.set(U64, at + 8, slot.lastGeneration());
            block.set(U32, at + 16, slot.heirs());
        }
        block.set(U32, CRC, crc(block));
    }

    /** Returns the header in a block of 4 KiB; null when there is no whole one. */
    static @Nullable MirrorHeader decode(MemorySegment block) {
        if (block.get(U64, 0) != MAGIC || block.get(U32, CRC) != crc(block)) {
            return null;
        }
        int version = block.get(U32, 12);
        int count = block.get(U32, 40);
        if (version != VERSION || count < 2 || count > AreaGeometry.REPLICAS_MAX) {
            throw new MirrorException(
                    "a mirror of version %d with %d replicas is not known to this version".formatted(version, count));
        }
        List<Slot> slots = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long at = SLOTS + (long) i * SLOT_SIZE;
            int plane = block.get(U32, at + 4);
            if (plane < NO_PLANE || plane >= AreaGeometry.planeCount(count)) {
                throw new MirrorException("a mirror with stale regions in plane %d makes no sense".formatted(plane));
            }
            slots.add(new Slot(
                    ReplicaState.of(block.get(U32, at)), plane, block.get(U64, at + 8), block.get(U32, at + 16)));
        }
        UUID set = new UUID(block.get(U64, 16), block.get(U64, 24));
        MirrorHeader header = new MirrorHeader(set, block.get(U64, 48), block.get(U64, 32), slots);
        header.check();
        return header;
    }

    private void check() {
        if (sizeBytes < AreaGeometry.SIZE_MIN || sizeBytes > AreaGeometry.SIZE_MAX) {
            throw new MirrorException("a mirror of %d bytes makes no sense".formatted(sizeBytes));
        }
        int planes = 0;
        boolean current = false;
        for (Slot slot : slots) {
            boolean hasPlane = slot.plane() != NO_PLANE;
            if (hasPlane == (slot.state() == ReplicaState.CURRENT) || hasPlane && (planes >> slot.plane() & 1) != 0) {
                throw new MirrorException("a mirror's header makes no sense: stale regions of its replicas");
            }
            planes |= hasPlane ? 1 << slot.plane() : 0;
            current |= !hasPlane;
        }
        if (!current) {
            throw new MirrorException("a mirror's header makes no sense: no replica is current");
        }
    }

    private static int crc(MemorySegment block) {
        int stored = block.get(U32, CRC);
        block.set(U32, CRC, 0);
        CRC32C crc = new CRC32C();
        crc.update(block.asSlice(0, AreaGeometry.BLOCK_BYTES).asByteBuffer());
        block.set(U32, CRC, stored);
        return (int) crc.getValue();
    }
}
