package io.vnvme.frontend.vfiouser;

import io.vnvme.memory.KeptMemory;
import io.vnvme.os.Fd;
import io.vnvme.os.KeptTransfer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * Everything of a connection that another process needs to go on with it, beside the controller and the descriptors, in one
 * memfd of a documented layout (docs/formats/connection-state.md): what was received and sent, configuration space, interrupts,
 * DMA regions.
 *
 * <p>Little endian. The file is sparse.
 *
 * <pre>
 * 0x000000  header: magic (8), version (4), flags (4), vectors (4), max_data_xfer_size (4), process of the client (8)
 * 0x000180  origin (8), published (8): position (bits 47:0) and message (bits 63:48); progress (4);
 *           which note counts (4); whether the function is stopped (4): 0 no, 1 by its client, 2 and of no use, 3 by the daemon
 * 0x000200  64 messages with a descriptor: begin, end (8 each), positions in the stream
 * 0x000600  64 replies that are owed: bytes (4), position + 1 once sent (8 at 8), the reply (40 at 16); 64 bytes each
 * 0x001600  identifiers of 16 DMA commands under way, + 1 (4 each)
 * 0x001640  identifiers of 48 such commands of processes before, + 1 (4 each)
 * 0x001700  two notes, 2048 each, of which one counts: bytes (4), UTF-8
 * 0x002800  interrupts: 5 kinds of 256, a byte each: bit 0 owed, bit 1 masked
 * 0x003000  the first part of a message being received: {@link KeptTransfer}; its number is the message (bits 31:21)
 * 0x003480  the last part, if there are several; its number is the bytes before it (bits 20:0) and the message
 * 0x003900  what is being sent: {@link KeptTransfer}; its number is the position in the stream, bits 31:0
 * 0x004000  configuration space (4096), MSI-X table (4096)
 * 0x006000  65,535 DMA regions: address, size, offset (8 each), file (4), flags (4)
 * 0x206000  the message that is received (0x101000)
 * 0x400000  messages that are sent, a ring (2 MiB)
 * </pre>
 */
final class ConnectionState extends KeptMemory {
    private static final long MAGIC = 0x4e43_4365_4d56_4e76L;
    private static final int VERSION = 2;

    static final int NEGOTIATED = 1;
    static final int TRAPPED = 2;
    static final int MSI_ONLY = 4;
    static final int LAYOUT_QEMU = 8;
    static final int LAYOUT_SPECIFICATION = 16;

    static final long FLAGS = 12;
    static final long VECTORS = 16;
    static final long TRANSFER_MAX = 20;
    static final long PEER = 24;

    private static final long RECEIVING = 0x3000;
    private static final long RECEIVING_REST = 0x3480;
    private static final long SENDING = 0x3900;
    static final long ORIGIN = 0x180;
    static final long PUBLISHED = 0x188;
    static final long PROGRESS = 0x190;
    /** As {@link DeviceMigration} keeps it. */
    static final long MIGRATION = 0x198;

    static final long ATTACHMENTS = 0x200;
    static final int ATTACHMENTS_MAX = 64;
    static final long OWED = 0x600;
    static final int OWED_MAX = 64;
    static final long DMA_IDS = 0x1600;

    static final long STALE_IDS = 0x1640;
    static final int STALE_MAX = 48;

    private static final long NOTE_HALF = 0x194;
    private static final long NOTES = 0x1700;
    private static final long NOTE_BYTES = 0x800;
    private static final int NOTE_MAX_BYTES = (int) NOTE_BYTES - 4;

    private static final long INTERRUPTS = 0x2800;
    private static final int INTERRUPTS_OF_KIND = 256;
    private static final long CONFIG = 0x4000;
    private static final long MSIX_TABLE = 0x5000;
    private static final long REGIONS = 0x6000;
    private static final long INBOX = 0x206000;
    private static final long INBOX_BYTES = 0x101000;
    private static final long OUTBOX = 0x400000;
    static final int OUTBOX_BYTES = 2 << 20;
    private static final long SIZE = OUTBOX + OUTBOX_BYTES;

    static final Layout LAYOUT = new Layout("vnvme-connection", MAGIC, VERSION, SIZE);

    ConnectionState() {
        super(LAYOUT);
    }

    /**
     * What another process has left.
     *
     * @param found its owner from now on, also when it fails
     * @throws IllegalArgumentException when it is none such, or of another version
     */
    ConnectionState(Fd found) {
        super(LAYOUT, found);
    }

    MemorySegment slice(long offset, long sizeBytes) {
        return segment().asSlice(offset, sizeBytes);
    }

    boolean has(int flag) {
        return (getInt(FLAGS) & flag) != 0;
    }

    KeptTransfer receiving() {
        return new KeptTransfer(slice(RECEIVING, KeptTransfer.SIZE));
    }

    KeptTransfer receivingRest() {
        return new KeptTransfer(slice(RECEIVING_REST, KeptTransfer.SIZE));
    }

    KeptTransfer sending() {
        return new KeptTransfer(slice(SENDING, KeptTransfer.SIZE));
    }

    /** Where a message is received to. */
    MemorySegment inbox() {
        return slice(INBOX, INBOX_BYTES);
    }

    /** The ring of what is sent. */
    MemorySegment outbox() {
        return slice(OUTBOX, OUTBOX_BYTES);
    }

    /** One byte for each vector of a kind, as {@link IrqVectors} keeps them. */
    MemorySegment interrupts(int kind, int count) {
        return slice(INTERRUPTS + (long) kind * INTERRUPTS_OF_KIND, count);
    }

    MemorySegment config() {
        return slice(CONFIG, PciConfig.SIZE);
    }

    MemorySegment msixTable() {
        return slice(MSIX_TABLE, 4096);
    }

    /** The records of DMA regions. */
    MemorySegment regions() {
        return slice(REGIONS, INBOX - REGIONS);
    }

    /** The note of the half that counts. */
    String note() {
        long at = NOTES + NOTE_BYTES * getInt(NOTE_HALF);
        int length = Math.clamp(getInt(at), 0, NOTE_MAX_BYTES);
        return new String(slice(at + 4, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    /**
     * Replaces the note, by the whole new one or not at all: it is written to the half that does not count.
     *
     * @throws IllegalArgumentException when it is longer than 2,044 bytes
     */
    void note(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > NOTE_MAX_BYTES) {
            throw new IllegalArgumentException("a note of %d bytes".formatted(bytes.length));
        }
        int half = 1 - getInt(NOTE_HALF);
        long at = NOTES + NOTE_BYTES * half;
        setInt(at, bytes.length);
        MemorySegment.copy(bytes, 0, segment(), ValueLayout.JAVA_BYTE, at + 4, bytes.length);
        publishInt(NOTE_HALF, half);
    }
}
