package io.vnvme.drive.nvmetcp;

import io.vnvme.nvme.wire.Digest;
import io.vnvme.nvme.wire.Pdu;
import io.vnvme.os.ByteStream;
import io.vnvme.os.Mapping;
import java.lang.foreign.MemorySegment;

/**
 * Bytes from a connection to PDUs: each is checked, and handed over where it lies when all of it has come. No command asks for
 * more data than there is room for here, so a target that sends a longer PDU breaks the protocol.
 */
final class Inbox {
    /** Who takes PDUs. */
    interface Sink {
        /**
         * A PDU of a type that a controller sends, whose lengths are right, and the digest of its header.
         *
         * @param at of its header
         * @param dataAt of its data
         * @param intact whether the digest of its data is right
         * @throws ProtocolException when it makes no sense now
         */
        void pdu(MemorySegment memory, long at, int type, long dataAt, int dataBytes, boolean intact);
    }

    /** What {@link #receive} answers when the peer has closed its end. */
    static final int END = -1;

    /** Received in one go, so that one connection does not keep the others waiting. */
    private static final int BURST_BYTES = 1 << 20;
    /** PDUs of the greatest length that there is room for: what has not all come is moved to the front only so often. */
    private static final int PDUS = 6;

    private static final int OVERHEAD = 255 + Pdu.DIGEST_BYTES;

    private final int dataMax;
    private final int pduMax;
    private final Mapping mapping;
    private final MemorySegment memory;
    private final Digest digest;
    private final int capacity;

    private int start;
    private int end;
    /** Counts the connections that this has been for: what parses for an old one stops. */
    private int connection;

    private boolean headerDigests;
    private boolean dataDigests;

    /** @param dataMax most data in a PDU, in bytes */
    Inbox(int dataMax) {
        this.dataMax = dataMax;
        pduMax = OVERHEAD + dataMax;
        capacity = Math.max(PDUS * pduMax, 1 << 16);
        mapping = Mapping.anonymous(capacity, false);
        memory = mapping.segment();
        digest = new Digest(memory);
    }

    /** Begins anew, for another connection. */
    void clear() {
        start = 0;
        end = 0;
        connection++;
        headerDigests = false;
        dataDigests = false;
    }

    /** What was agreed: from the next PDU on. */
    void digests(boolean ofHeaders, boolean ofData) {
        headerDigests = ofHeaders;
        dataDigests = ofData;
    }

    /**
     * Takes what has arrived, and hands over what is complete; also what was before, when whoever took a PDU threw.
     *
     * @return bytes received; 0 when there was nothing; {@link #END}
     */
    int receive(ByteStream socket, Sink sink) {
        int of = connection;
        int total = 0;
        parse(sink);
        while (of == connection && total < BURST_BYTES) {
            makeRoom();
            int asked = capacity - end;
            int count = socket.receive(memory, end, asked);
            if (count <= 0) {
                return count == 0 ? END : total;
            }
            end += count;
            total += count;
            parse(sink);
            if (count < asked) {
                break;
            }
        }
        return total;
    }

    private void makeRoom() {
        if (start == end) {
            start = 0;
            end = 0;
        } else if (capacity - end < pduMax) {
            MemorySegment.copy(memory, start, memory, 0, end - start);
            end -= start;
            start = 0;
        }
    }

    private void parse(Sink sink) {
        int of = connection;
        while (of == connection && end - start >= Pdu.COMMON_BYTES) {
            long at = start;
            int type = Pdu.type(memory, at);
            int headerBytes = headerBytes(type);
            long bytes = checkedBytes(at, type, headerBytes);
            if (end - start < bytes) {
                return;
            }
            start += (int) bytes;
            take(sink, at, type, headerBytes, (int) bytes);
        }
    }

    private static int headerBytes(int type) {
        return switch (type) {
            case Pdu.IC_RESP -> Pdu.IC_BYTES;
            case Pdu.C2H_TERM_REQ -> Pdu.TERM_REQ_BYTES;
            case Pdu.CAPSULE_RESP -> Pdu.CAPSULE_RESP_BYTES;
            case Pdu.C2H_DATA, Pdu.R2T -> Pdu.DATA_BYTES;
            default -> throw ProtocolException.field(Pdu.TYPE, "PDU of type 0x%02x".formatted(type));
        };
    }

    private long checkedBytes(long at, int type, int headerBytes) {
        if (Pdu.headerBytes(memory, at) != headerBytes) {
            throw ProtocolException.field(Pdu.HLEN, "header of %d bytes".formatted(Pdu.headerBytes(memory, at)));
        }
        long bytes = Pdu.bytes(memory, at);
        long bytesMax = switch (type) {
            case Pdu.IC_RESP -> Pdu.IC_BYTES;
            case Pdu.C2H_TERM_REQ -> Pdu.TERM_REQ_BYTES + Pdu.TERM_DATA_MAX;
            case Pdu.C2H_DATA -> pduMax;
            default -> headerBytes + Pdu.DIGEST_BYTES;
        };
        if (bytes < headerBytes || bytes > bytesMax) {
            throw ProtocolException.field(Pdu.PLEN, "PDU of %d bytes".formatted(bytes));
        }
        return bytes;
    }

    private void take(Sink sink, long at, int type, int headerBytes, int bytes) {
        if (type == Pdu.IC_RESP || type == Pdu.C2H_TERM_REQ) {
            sink.pdu(memory, at, type, 0, 0, true);
            return;
        }
        int withDigest = headerBytes + (headerDigests ? Pdu.DIGEST_BYTES : 0);
        int flags = Pdu.flags(memory, at);
        if (headerDigests) {
            checkHeader(at, flags, headerBytes, bytes);
        }
        if (type != Pdu.C2H_DATA) {
            if (bytes != withDigest) {
                throw ProtocolException.field(Pdu.PLEN, "PDU of %d bytes".formatted(bytes));
            }
            sink.pdu(memory, at, type, 0, 0, true);
            return;
        }
        int offset = Pdu.dataOffset(memory, at);
        int data = bytes - offset - (dataDigests ? Pdu.DIGEST_BYTES : 0);
        if (offset < withDigest || data <= 0 || data > dataMax) {
            throw ProtocolException.field(Pdu.PDO, "PDU of %d bytes with data at %d".formatted(bytes, offset));
        }
        boolean intact = !dataDigests || isIntact(flags, at + offset, data);
        sink.pdu(memory, at, type, at + offset, data, intact);
    }

    private void checkHeader(long at, int flags, int headerBytes, int bytes) {
        if ((flags & Pdu.FLAG_HEADER_DIGEST) == 0 || bytes < headerBytes + Pdu.DIGEST_BYTES) {
            throw ProtocolException.field(Pdu.FLAGS, "no header digest");
        }
        int sent = (int) Pdu.intAt(memory, at + headerBytes);
        if (digest.of(at, headerBytes) != sent) {
            throw new ProtocolException(Pdu.FES_HEADER_DIGEST, sent, "header digest 0x%08x".formatted(sent));
        }
    }

    private boolean isIntact(int flags, long dataAt, int dataBytes) {
        if ((flags & Pdu.FLAG_DATA_DIGEST) == 0) {
            throw ProtocolException.field(Pdu.FLAGS, "no data digest");
        }
        return digest.of(dataAt, dataBytes) == (int) Pdu.intAt(memory, dataAt + dataBytes);
    }

    void close() {
        clear();
        mapping.close();
    }
}
