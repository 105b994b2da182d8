package io.vnvme.drive.nvmetcp;

import io.vnvme.nvme.wire.Digest;
import io.vnvme.nvme.wire.Pdu;
import io.vnvme.os.Mapping;
import java.lang.foreign.MemorySegment;

/**
 * Memory for what a queue sends: a slot for each command that can be outstanding, and room for PDUs of the connection's own.
 * Pages exist as far as they were used. Kept by a path from one connection to the next.
 *
 * <pre>
 * slot      0  headers of H2CData, HEADER_STRIDE each: the header, its digest, padding; at DATA_DIGEST the data's digest
 *        8192  data; the command capsule ends where it begins, and its digest follows, so that all goes out as one piece
 * </pre>
 */
final class SlotMemory implements AutoCloseable {
    static final int HEADER_STRIDE = 144;
    static final int DATA_DIGEST = 128;

    private static final int DATA_AT = 8192;
    private static final int PAGE_BYTES = 4096;
    private static final int CONTROL_BYTES = 4096;

    private final int slots;
    private final int dataMax;
    private final long slotBytes;
    private final Mapping mapping;
    private final MemorySegment segment;
    private final Digest digest;

    /** @param dataMax most data of a command, in bytes */
    SlotMemory(int slots, int dataMax) {
        if ((dataMax + HostSender.H2C_DATA_MIN - 1) / HostSender.H2C_DATA_MIN * HEADER_STRIDE
                > DATA_AT - Pdu.IC_BYTES - Pdu.CAPSULE_CMD_BYTES) {
            throw new IllegalArgumentException("no room for headers of %d bytes".formatted(dataMax));
        }
        this.slots = slots;
        this.dataMax = dataMax;
        slotBytes = (DATA_AT + dataMax + Pdu.DIGEST_BYTES + PAGE_BYTES - 1L) / PAGE_BYTES * PAGE_BYTES;
        mapping = Mapping.anonymous(slots * slotBytes + CONTROL_BYTES, false);
        segment = mapping.segment();
        digest = new Digest(segment);
    }

    int slots() {
        return slots;
    }

    int dataMax() {
        return dataMax;
    }

    MemorySegment segment() {
        return segment;
    }

    Digest digest() {
        return digest;
    }

    /** Where header {@code index} of a slot's H2CData is. */
    long header(int slot, int index) {
        return slot * slotBytes + (long) index * HEADER_STRIDE;
    }

    long data(int slot) {
        return slot * slotBytes + DATA_AT;
    }

    /** Where the connection's own PDUs are put together. */
    long control() {
        return slots * slotBytes;
    }

    @Override
    public void close() {
        mapping.close();
    }
}
