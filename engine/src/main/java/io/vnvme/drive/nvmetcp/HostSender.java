package io.vnvme.drive.nvmetcp;

import io.vnvme.nvme.wire.Pdu;
import io.vnvme.os.SendQueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What a queue sends: its PDUs, in the order in which they are made, and as the target wants them. */
final class HostSender {
    /** Least that a controller may limit H2CData to, in bytes. */
    static final int H2C_DATA_MIN = 4096;

    /** More than one connection's own PDUs. */
    private static final int CONTROL_PIECES = 4;

    private final SlotMemory memory;
    private final MemorySegment segment;
    private final SlotTable slots;
    private final HostPdus pdus;
    private final boolean dataDigests;
    private SendQueue outgoing = new SendQueue(CONTROL_PIECES, _ -> {});
    private int h2cDataMax;

    HostSender(SlotMemory memory, SlotTable slots, HostPdus pdus, RemoteOptions options) {
        this.memory = memory;
        this.slots = slots;
        this.pdus = pdus;
        segment = memory.segment();
        dataDigests = options.dataDigests();
    }

    SendQueue outgoing() {
        return outgoing;
    }

    void greet() {
        pdus.greeting();
        outgoing.add(segment, memory.control(), Pdu.IC_BYTES, SendQueue.NOBODY);
    }

    /**
     * The target has answered the greeting.
     *
     * @return digests, as in its answer
     * @throws ProtocolException when that makes no sense
     */
    int agreed(MemorySegment from, long at) {
        int format = Pdu.shortAt(from, at + Pdu.IC_PFV);
        int units = from.get(ValueLayout.JAVA_BYTE, at + Pdu.IC_DATA_ALIGNMENT) & 0xff;
        int digests = from.get(ValueLayout.JAVA_BYTE, at + Pdu.IC_DIGESTS) & 3;
        long limit = Pdu.intAt(from, at + Pdu.IC_LIMIT);
        if (format != 0) {
            throw new ProtocolException(Pdu.FES_UNSUPPORTED, Pdu.IC_PFV, "PDU format %d".formatted(format));
        }
        if (units > Pdu.IC_DATA_ALIGNMENT_MAX) {
            throw ProtocolException.field(Pdu.IC_DATA_ALIGNMENT, "alignment %d".formatted(units));
        }
        if (limit < H2C_DATA_MIN) {
            throw ProtocolException.field(Pdu.IC_LIMIT, "at most %d bytes of data in a PDU".formatted(limit));
        }
        if (digests != pdus.digests()) {
            throw ProtocolException.field(Pdu.IC_DIGESTS, "the target does other digests than it was asked for");
        }
        pdus.alignment((units + 1) * Integer.BYTES);
        h2cDataMax = (int) Math.min(limit & -Integer.BYTES, memory.dataMax());
        int perCommand = (memory.dataMax() + h2cDataMax - 1) / h2cDataMax * 3;
        outgoing = new SendQueue(slots.count() * perCommand + CONTROL_PIECES, slots::sent);
        return digests;
    }

    /** The command that was begun in a slot. */
    void capsule(int slot, int outBytes, int inBytes, boolean inCapsule) {
        int bytes = pdus.capsule(slot, slots.id(slot), outBytes, inBytes, inCapsule);
        add(pdus.capsuleAt(slot), bytes, slot);
    }

    /**
     * Data that the controller has asked for.
     *
     * @param ids of the command and of the transfer
     */
    void data(int slot, int ids, int offset, int length) {
        int end = offset + length;
        int index = 0;
        for (int position = offset; position < end; index++) {
            int part = Math.min(h2cDataMax, end - position);
            data(slot, index, ids, position, part, position + part == end);
            position += part;
        }
    }

    private void data(int slot, int index, int ids, int position, int bytes, boolean last) {
        long header = memory.header(slot, index);
        add(header, pdus.data(slot, index, ids, position, bytes, last), slot);
        add(memory.data(slot) + position, bytes, slot);
        if (dataDigests) {
            add(header + SlotMemory.DATA_DIGEST, Pdu.DIGEST_BYTES, slot);
        }
    }

    private void add(long at, int bytes, int slot) {
        outgoing.add(segment, at, bytes, slot);
        slots.queued(slot);
    }

    /** Says how the target broke the protocol, when nothing else has to go out before. @return whether it does */
    boolean terminate(ProtocolException e) {
        if (!outgoing.isEmpty()) {
            return false;
        }
        pdus.termination(e);
        outgoing.add(segment, memory.control(), Pdu.TERM_REQ_BYTES, SendQueue.NOBODY);
        return true;
    }
}
