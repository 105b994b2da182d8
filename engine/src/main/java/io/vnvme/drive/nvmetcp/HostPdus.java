package io.vnvme.drive.nvmetcp;

import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Pdu;
import io.vnvme.nvme.wire.Sqe;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Puts PDUs for the controller together in the memory of a queue, around the data that goes with them. */
final class HostPdus {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfLong BIG_LONG = LONG.withOrder(ByteOrder.BIG_ENDIAN);

    // SGL descriptors of this transport: length in the low half, type in bits 63:56 (NVM Express Base 2.0, 4.1.2).
    private static final int SGL_IN_CAPSULE = 0x01;
    private static final int SGL_TRANSPORT = 0x5a;
    private static final int SGL_TYPE_SHIFT = 56;
    private static final int CID = 2;

    private final SlotMemory memory;
    private final MemorySegment segment;
    private final boolean headerDigests;
    private final boolean dataDigests;
    private int alignment = Integer.BYTES;

    HostPdus(SlotMemory memory, RemoteOptions options) {
        this.memory = memory;
        segment = memory.segment();
        headerDigests = options.headerDigests();
        dataDigests = options.dataDigests();
    }

    /** Digests as ICReq asks for them. */
    int digests() {
        return (headerDigests ? Pdu.IC_HEADER_DIGEST : 0) | (dataDigests ? Pdu.IC_DATA_DIGEST : 0);
    }

    /** What data has to begin at a multiple of, from the beginning of its PDU. */
    void alignment(int bytes) {
        alignment = bytes;
    }

    private int headerWithDigest(int headerBytes) {
        return headerBytes + (headerDigests ? Pdu.DIGEST_BYTES : 0);
    }

    /** From the beginning of a PDU to its data. */
    private int lead(int headerBytes) {
        return (headerWithDigest(headerBytes) + alignment - 1) / alignment * alignment;
    }

    /** An ICReq of format 0 at {@link SlotMemory#control}: data may follow its header without a gap, and one R2T at a time. */
    void greeting() {
        long at = memory.control();
        segment.asSlice(at, Pdu.IC_BYTES).fill((byte) 0);
        Pdu.common(segment, at, Pdu.IC_REQ, 0, Pdu.IC_BYTES, 0, Pdu.IC_BYTES);
        segment.set(ValueLayout.JAVA_BYTE, at + Pdu.IC_DIGESTS, (byte) digests());
    }

    /** An H2CTermReq at {@link SlotMemory#control}. */
    void termination(ProtocolException e) {
        long at = memory.control();
        segment.asSlice(at, Pdu.TERM_REQ_BYTES).fill((byte) 0);
        Pdu.common(segment, at, Pdu.H2C_TERM_REQ, 0, Pdu.TERM_REQ_BYTES, 0, Pdu.TERM_REQ_BYTES);
        segment.set(SHORT, at + Pdu.TERM_FES, (short) e.status());
        segment.set(INT, at + Pdu.TERM_FEI, e.information());
    }

    long capsuleAt(int slot) {
        return memory.data(slot) - lead(Pdu.CAPSULE_CMD_BYTES);
    }

    private long entry(int slot) {
        return capsuleAt(slot) + Pdu.COMMON_BYTES;
    }

    /** See {@link HostQueue#begin}. */
    long begin(int slot, int opcode, int nsid) {
        long entry = entry(slot);
        segment.set(LONG, entry, Sqe.head(opcode, 0, Sqe.PSDT_SGL, 0) | (long) nsid << Integer.SIZE);
        for (int at = Long.BYTES; at < Sqe.SIZE; at += Long.BYTES) {
            segment.set(LONG, entry + at, 0);
        }
        return entry;
    }

    /** What Connect says beyond its being one, and its data. */
    void connect(int slot, HostQueue.Terms terms) {
        long entry = entry(slot);
        boolean admin = terms.queueId() == 0;
        int keepAliveMs = (int) terms.namespace().options().keepAlive().toMillis();
        segment.set(SHORT, entry + Fabrics.CONNECT_QID, (short) terms.queueId());
        segment.set(SHORT, entry + Fabrics.CONNECT_SQSIZE, (short) (terms.entries() - 1));
        segment.set(ValueLayout.JAVA_BYTE, entry + Fabrics.CONNECT_CATTR, (byte) Fabrics.CATTR_NO_FLOW_CONTROL);
        segment.set(INT, entry + Fabrics.CONNECT_KATO, admin ? keepAliveMs : 0);
        long data = memory.data(slot);
        segment.asSlice(data, Fabrics.CONNECT_DATA_BYTES).fill((byte) 0);
        HostIdentity host = terms.namespace().host();
        segment.set(BIG_LONG, data + Fabrics.HOSTID, host.id().getMostSignificantBits());
        segment.set(BIG_LONG, data + Fabrics.HOSTID + Long.BYTES, host.id().getLeastSignificantBits());
        segment.set(SHORT, data + Fabrics.CNTLID, (short) terms.controllerId());
        text(data + Fabrics.SUBNQN, terms.namespace().nqn());
        text(data + Fabrics.HOSTNQN, host.nqn());
    }

    private void text(long at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        int length = Math.min(bytes.length, Fabrics.NQN_BYTES - 1);
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, at, length);
    }

    /**
     * A command capsule around the entry that was begun, with its data when that goes into it.
     *
     * @param id of the command
     * @return how long it is, from {@link #capsuleAt} on
     */
    int capsule(int slot, int id, int outBytes, int inBytes, boolean inCapsule) {
        long at = capsuleAt(slot);
        long data = memory.data(slot);
        long entry = entry(slot);
        int type = inCapsule ? SGL_IN_CAPSULE : SGL_TRANSPORT;
        segment.set(SHORT, entry + CID, (short) id);
        segment.set(LONG, entry + Sqe.DPTR_HIGH, (outBytes + inBytes) | (long) type << SGL_TYPE_SHIFT);
        int header = headerWithDigest(Pdu.CAPSULE_CMD_BYTES);
        int lead = (int) (data - at);
        int digestBytes = inCapsule && dataDigests ? Pdu.DIGEST_BYTES : 0;
        int bytes = inCapsule ? lead + outBytes + digestBytes : header;
        int flags = flags(digestBytes > 0);
        Pdu.common(segment, at, Pdu.CAPSULE_CMD, flags, Pdu.CAPSULE_CMD_BYTES, inCapsule ? lead : 0, bytes);
        finishHeader(at, Pdu.CAPSULE_CMD_BYTES, data);
        if (digestBytes > 0) {
            digest(data, outBytes, data + outBytes);
        }
        return bytes;
    }

    private int flags(boolean ofData) {
        return (headerDigests ? Pdu.FLAG_HEADER_DIGEST : 0) | (ofData ? Pdu.FLAG_DATA_DIGEST : 0);
    }

    /** The digest of a header, and zeros up to {@code data}. */
    private void finishHeader(long at, int headerBytes, long data) {
        if (headerDigests) {
            digest(at, headerBytes, at + headerBytes);
        }
        for (long pad = at + headerWithDigest(headerBytes); pad < data; pad += Integer.BYTES) {
            segment.set(INT, pad, 0);
        }
    }

    private void digest(long of, int length, long to) {
        segment.set(INT, to, memory.digest().of(of, length));
    }

    /**
     * The header of an H2CData at {@link SlotMemory#header}, and the digest of its data behind it.
     *
     * @param ids of the command and of the transfer
     * @return how much goes out before the data
     */
    int data(int slot, int index, int ids, int position, int bytes, boolean last) {
        long header = memory.header(slot, index);
        int lead = lead(Pdu.DATA_BYTES);
        int digestBytes = dataDigests ? Pdu.DIGEST_BYTES : 0;
        int flags = flags(dataDigests) | (last ? Pdu.FLAG_LAST : 0);
        Pdu.common(segment, header, Pdu.H2C_DATA, flags, Pdu.DATA_BYTES, lead, lead + bytes + digestBytes);
        Pdu.data(segment, header, ids, ids >>> 16, position, bytes);
        finishHeader(header, Pdu.DATA_BYTES, header + lead);
        if (dataDigests) {
            digest(memory.data(slot) + position, bytes, header + SlotMemory.DATA_DIGEST);
        }
        return lead;
    }
}
