package io.vnvme.frontend.tcp;

import io.vnvme.nvme.wire.Digest;
import io.vnvme.nvme.wire.Pdu;
import io.vnvme.os.ByteStream;
import io.vnvme.os.Mapping;
import io.vnvme.os.Reclaimer;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Bytes from a connection to PDUs: headers are checked and handed over where they lie, data goes to the place that whoever took
 * the header names. At most a header is ever waited for in here.
 */
final class PduReader {
    /** Who takes PDUs. */
    interface Sink {
        /**
         * A PDU whose header is right: of a type that a host sends, with the lengths of that type. When data follows,
         * the reader's {@code dataGoesTo} has been called when this returns.
         *
         * @param dataBytes data behind the header
         * @throws PduException when it makes no sense now
         */
        void header(MemorySegment memory, long at, int dataBytes);

        /**
         * All data of the PDU is where it should be.
         *
         * @param intact whether it has the digest that was sent with it
         */
        void data(boolean intact);
    }

    /** What {@link #receive} answers when the peer has closed its end. */
    static final int END = -1;

    private static final int INBOX_BYTES = 256 << 10;
    /** With less room than this at the inbox's end, what is left of a header goes to its beginning. */
    private static final int ROOM_MIN = 4096;
    /** Data of at least so many bytes still to come is received in place, without the way through the inbox. */
    private static final int DIRECT_MIN = 8192;
    /** Bytes taken in one go, so that one connection does not keep the others waiting. */
    private static final int BURST_BYTES = 1 << 20;

    private enum Phase {
        HEADER,
        PADDING,
        DATA,
        DIGEST
    }

    private final Sink sink;
    private @Nullable Mapping mapping;
    private MemorySegment inbox = MemorySegment.NULL;
    private @Nullable Digest inboxDigest;
    private int start;
    private int end;
    private boolean halted;
    /** Where the header began that was looked at last. */
    private int lastHeader;

    private boolean headerDigests;
    private boolean dataDigests;

    private Phase phase = Phase.HEADER;
    private int paddingLeft;
    private MemorySegment target = MemorySegment.NULL;
    private @Nullable Digest targetDigest;
    private long targetAt;
    private int dataBytes;
    private int dataLeft;

    PduReader(Sink sink) {
        this.sink = sink;
    }

    /** What was agreed: from the next PDU on. */
    void digests(boolean ofHeaders, boolean ofData) {
        headerDigests = ofHeaders;
        dataDigests = ofData;
    }

    /** No PDU is taken until {@link #resume}; bytes that are there wait. */
    void halt() {
        halted = true;
    }

    void resume() {
        halted = false;
        parse();
    }

    /** The PDU whose header was just handed over has its data put there. */
    void dataGoesTo(MemorySegment memory, long at, Digest digest) {
        target = memory;
        targetAt = at;
        targetDigest = digest;
    }

    /**
     * Takes what has arrived, and hands over what is complete.
     *
     * @return bytes received; 0 when there was nothing; {@link #END}
     */
    int receive(ByteStream socket) {
        open();
        int total = 0;
        while (!halted && total < BURST_BYTES) {
            int asked = INBOX_BYTES;
            int count;
            if (phase == Phase.DATA && start == end && dataLeft >= DIRECT_MIN) {
                start = 0;
                end = 0;
                asked += dataLeft;
                count = socket.receive(target, targetAt + dataBytes - dataLeft, dataLeft, inbox, 0, INBOX_BYTES);
                if (count > 0) {
                    int direct = Math.min(count, dataLeft);
                    dataLeft -= direct;
                    end = count - direct;
                }
            } else {
                makeRoom();
                asked = INBOX_BYTES - end;
                count = socket.receive(inbox, end, asked);
                end += Math.max(count, 0);
            }
            if (count <= 0) {
                return count == 0 ? END : total;
            }
            total += count;
            parse();
            if (count < asked) {
                break;
            }
        }
        return total;
    }

    private void open() {
        if (mapping == null) {
            Mapping made = Mapping.anonymous(INBOX_BYTES, false);
            mapping = made;
            inbox = made.segment();
            inboxDigest = new Digest(inbox);
        }
    }

    private void makeRoom() {
        if (start == end) {
            start = 0;
            end = 0;
        } else if (INBOX_BYTES - end < ROOM_MIN) {
            MemorySegment.copy(inbox, start, inbox, 0, end - start);
            end -= start;
            start = 0;
        }
    }

    private void parse() {
        boolean more = true;
        while (more && !halted) {
            more = switch (phase) {
                case HEADER -> header();
                case PADDING -> padding();
                case DATA -> data();
                case DIGEST -> digest();
            };
        }
    }

    /** @return whether there may be more to do */
    private boolean header() {
        int available = end - start;
        if (available < Pdu.COMMON_BYTES) {
            return false;
        }
        lastHeader = start;
        long at = start;
        int type = Pdu.type(inbox, at);
        int headerBytes = headerBytes(type);
        checkLengths(type, headerBytes, at);
        boolean digest = headerDigests && type != Pdu.IC_REQ && type != Pdu.H2C_TERM_REQ;
        int withDigest = headerBytes + (digest ? Pdu.DIGEST_BYTES : 0);
        if (available < withDigest) {
            return false;
        }
        if (digest) {
            checkDigest(at, headerBytes);
        }
        int data = dataBytes(type, at, withDigest);
        dataBytes = data;
        dataLeft = data;
        start += withDigest;
        if (data > 0) {
            paddingLeft = Pdu.dataOffset(inbox, at) - withDigest;
            phase = paddingLeft > 0 ? Phase.PADDING : Phase.DATA;
        }
        sink.header(inbox, at, data);
        return true;
    }

    private static int headerBytes(int type) {
        return switch (type) {
            case Pdu.IC_REQ -> Pdu.IC_BYTES;
            case Pdu.H2C_TERM_REQ -> Pdu.TERM_REQ_BYTES;
            case Pdu.CAPSULE_CMD -> Pdu.CAPSULE_CMD_BYTES;
            case Pdu.H2C_DATA -> Pdu.DATA_BYTES;
            default -> throw PduException.field(Pdu.TYPE, "PDU of type 0x%02x".formatted(type));
        };
    }

    private void checkLengths(int type, int headerBytes, long at) {
        if (Pdu.headerBytes(inbox, at) != headerBytes) {
            throw PduException.field(Pdu.HLEN, "header of %d bytes".formatted(Pdu.headerBytes(inbox, at)));
        }
        int overhead = headerBytes + 255 + 2 * Pdu.DIGEST_BYTES;
        long bytesMax = switch (type) {
            case Pdu.IC_REQ -> Pdu.IC_BYTES;
            case Pdu.H2C_TERM_REQ -> Pdu.TERM_REQ_BYTES + Pdu.TERM_DATA_MAX;
            case Pdu.CAPSULE_CMD -> overhead + Limits.IN_CAPSULE_BYTES;
            default -> overhead + Limits.H2C_DATA_MAX;
        };
        long bytes = Pdu.bytes(inbox, at);
        if (bytes < headerBytes || bytes > bytesMax) {
            throw PduException.field(Pdu.PLEN, "PDU of %d bytes".formatted(bytes));
        }
    }

    private void checkDigest(long at, int headerBytes) {
        if ((Pdu.flags(inbox, at) & Pdu.FLAG_HEADER_DIGEST) == 0) {
            throw PduException.field(Pdu.FLAGS, "no header digest");
        }
        Digest digest = inboxDigest;
        int sent = (int) Pdu.intAt(inbox, at + headerBytes);
        if (digest == null || digest.of(at, headerBytes) != sent) {
            throw new PduException(Pdu.FES_HEADER_DIGEST, sent, "header digest 0x%08x".formatted(sent));
        }
    }

    /** How much data follows a header, where the PDU's lengths agree with each other. */
    private int dataBytes(int type, long at, int withDigest) {
        long bytes = Pdu.bytes(inbox, at);
        if (type == Pdu.IC_REQ || type == Pdu.H2C_TERM_REQ || bytes == withDigest) {
            return 0;
        }
        int offset = Pdu.dataOffset(inbox, at);
        if (offset < withDigest || (offset & 3) != 0) {
            throw PduException.field(Pdu.PDO, "data at %d".formatted(offset));
        }
        long data = bytes - offset - (dataDigests ? Pdu.DIGEST_BYTES : 0);
        int most = type == Pdu.CAPSULE_CMD ? Limits.IN_CAPSULE_BYTES : Limits.H2C_DATA_MAX;
        if (data <= 0 || data > most) {
            throw PduException.field(Pdu.PLEN, "PDU of %d bytes with data at %d".formatted(bytes, offset));
        }
        if (dataDigests && (Pdu.flags(inbox, at) & Pdu.FLAG_DATA_DIGEST) == 0) {
            throw PduException.field(Pdu.FLAGS, "no data digest");
        }
        return (int) data;
    }

    private boolean padding() {
        int part = Math.min(paddingLeft, end - start);
        start += part;
        paddingLeft -= part;
        if (paddingLeft > 0) {
            return false;
        }
        phase = Phase.DATA;
        return true;
    }

    private boolean data() {
        int part = Math.min(dataLeft, end - start);
        MemorySegment.copy(inbox, start, target, targetAt + dataBytes - dataLeft, part);
        start += part;
        dataLeft -= part;
        if (dataLeft > 0) {
            return false;
        }
        if (dataDigests) {
            phase = Phase.DIGEST;
        } else {
            phase = Phase.HEADER;
            sink.data(true);
        }
        return true;
    }

    private boolean digest() {
        if (end - start < Pdu.DIGEST_BYTES) {
            return false;
        }
        int sent = (int) Pdu.intAt(inbox, start);
        start += Pdu.DIGEST_BYTES;
        phase = Phase.HEADER;
        Digest digest = targetDigest;
        sink.data(digest != null && digest.of(targetAt, dataBytes) == sent);
        return true;
    }

    /** What a termination request repeats of the header that was refused: how much of it is there. */
    int refusedBytes() {
        return Math.min(end - lastHeader, Pdu.TERM_DATA_MAX);
    }

    void copyRefused(MemorySegment to, long at, int bytes) {
        MemorySegment.copy(inbox, lastHeader, to, at, bytes);
    }

    void close(Reclaimer reclaimer) {
        halted = true;
        Mapping made = mapping;
        if (made != null) {
            mapping = null;
            inbox = MemorySegment.NULL;
            reclaimer.close(made);
        }
    }
}
