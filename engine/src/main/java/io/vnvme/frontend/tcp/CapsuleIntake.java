package io.vnvme.frontend.tcp;

import io.vnvme.frontend.tcp.CommandTable.Stage;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Pdu;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Command capsules and H2CData of one queue, until a command has its data. */
final class CapsuleIntake {
    /** SGL descriptors of this transport: type in bits 7:4, subtype in 3:0 (NVM Express Base 2.0, 4.1.2). */
    private static final int SGL_IN_CAPSULE = 0x01;

    private static final int SGL_TRANSPORT = 0x5a;

    private static final int TO_CONTROLLER = 1;
    private static final int TO_HOST = 2;

    private final QueuePair queue;
    private final Association association;
    private final CommandTable commands;
    private final MemorySegment segment;
    /** Whose data is being received. */
    private int current;

    CapsuleIntake(QueuePair queue, Association association) {
        this.queue = queue;
        this.association = association;
        this.commands = queue.commands();
        this.segment = queue.memory().segment();
    }

    /** Which way a command's data goes is in its opcode, that of a fabrics command in its type. */
    private static int direction(MemorySegment s, long entry) {
        int opcode = Sqe.opcode(s, entry);
        return (opcode == AdminOpcode.FABRICS ? s.get(ValueLayout.JAVA_BYTE, entry + Fabrics.FCTYPE) : opcode) & 3;
    }

    static boolean toController(MemorySegment s, long entry) {
        return direction(s, entry) == TO_CONTROLLER;
    }

    static boolean toHost(MemorySegment s, long entry) {
        return direction(s, entry) == TO_HOST;
    }

    /** A command capsule's header. */
    void command(MemorySegment inbox, long at, int dataBytes, PduReader reader) {
        long entry = at + Pdu.COMMON_BYTES;
        int command = commands.take(Sqe.cid(inbox, entry));
        if (command == CommandTable.NONE) {
            throw new PduException(
                    Pdu.FES_SEQUENCE, 0, "more commands than queue %d has entries".formatted(queue.id()));
        }
        long held = AssociationMemory.held(queue.id(), command);
        MemorySegment.copy(inbox, entry, segment, held, Sqe.SIZE);
        association.heard();
        describe(command, held, dataBytes);
        queue.arrived(command);
        if (dataBytes > 0) {
            current = command;
            commands.receives(command, dataBytes);
            reader.dataGoesTo(
                    segment,
                    AssociationMemory.buffer(queue.id(), command),
                    queue.memory().digest());
        } else {
            begin(command, held);
        }
    }

    /** Takes the command's own description of its data, and notes where it makes no sense. */
    private void describe(int command, long held, int dataBytes) {
        long control = Sqe.dataPointerHigh(segment, held);
        int type = (int) (control >>> 56);
        long length = control & 0xffff_ffffL;
        if (Sqe.psdt(segment, held) != Sqe.PSDT_SGL) {
            commands.fails(command, Status.INVALID_FIELD);
        } else if (type != SGL_IN_CAPSULE && type != SGL_TRANSPORT) {
            commands.fails(command, Status.SGL_TYPE_INVALID);
        } else if (length > Limits.IN_CAPSULE_BYTES && Sqe.opcode(segment, held) == AdminOpcode.FABRICS) {
            commands.fails(command, Status.INVALID_FIELD);
        } else if (length > Limits.IN_CAPSULE_BYTES && !queue.proven()) {
            // What takes much memory is for hosts that have shown who they are.
            commands.fails(command, Status.AUTHENTICATION_REQUIRED);
        } else if (dataBytes > 0) {
            boolean here = type == SGL_IN_CAPSULE && toController(segment, held);
            if (!here || Sqe.dataPointerLow(segment, held) != 0) {
                commands.fails(command, Status.SGL_TYPE_INVALID);
            } else if (length != dataBytes) {
                commands.fails(command, Status.SGL_LENGTH_INVALID);
            }
        } else if (length > Limits.TRANSFER_MAX || length > 0 && type == SGL_IN_CAPSULE) {
            commands.fails(command, Status.SGL_LENGTH_INVALID);
        }
        commands.length(command, dataBytes > 0 ? dataBytes : commands.status(command) == 0 ? (int) length : 0);
    }

    /** All of the capsule is there. */
    private void begin(int command, long held) {
        boolean complete = commands.received(command) == commands.length(command) || direction(segment, held) == 0;
        boolean fabrics = Sqe.opcode(segment, held) == AdminOpcode.FABRICS;
        if (fabrics && (complete || commands.status(command) != 0 || !toController(segment, held))) {
            association.fabrics(queue, command);
        } else if (commands.status(command) != 0 || complete) {
            queue.ready(command);
        } else if (commands.length(command) <= Limits.IN_CAPSULE_BYTES) {
            queue.buffered(command);
        } else {
            int large = association.largeBuffers().take();
            if (large == LargeBuffers.NONE) {
                association.largeBuffers().await(queue.id(), command);
            } else {
                commands.largeBuffer(command, large);
                queue.buffered(command);
            }
        }
    }

    /** The header of H2CData. */
    void data(MemorySegment inbox, long at, int dataBytes, PduReader reader) {
        int command = Pdu.shortAt(inbox, at + Pdu.DATA_TTAG);
        if (!expects(command)) {
            throw PduException.field(Pdu.DATA_TTAG, "data for transfer %d, which nobody asked for".formatted(command));
        }
        if (Pdu.shortAt(inbox, at + Pdu.DATA_CCCID) != commands.hostId(command)) {
            throw PduException.field(
                    Pdu.DATA_CCCID, "data for another command than transfer %d is for".formatted(command));
        }
        long offset = Pdu.intAt(inbox, at + Pdu.DATA_OFFSET);
        if (dataBytes == 0 || Pdu.intAt(inbox, at + Pdu.DATA_LENGTH) != dataBytes) {
            throw PduException.field(Pdu.DATA_LENGTH, "%d bytes of data".formatted(dataBytes));
        }
        long end = offset + dataBytes;
        if (offset != commands.received(command) || end > commands.length(command)) {
            throw new PduException(Pdu.FES_DATA_RANGE, Pdu.DATA_OFFSET, "data from %d to %d".formatted(offset, end));
        }
        boolean last = (Pdu.flags(inbox, at) & Pdu.FLAG_LAST) != 0;
        if (last != (end == commands.length(command))) {
            throw PduException.field(Pdu.FLAGS, "the last data PDU is another one");
        }
        current = command;
        commands.receives(command, dataBytes);
        reader.dataGoesTo(
                segment, queue.buffer(command) + offset, queue.memory().digest());
    }

    /** Whether an R2T has gone out for a command, and not all of its data has come. */
    private boolean expects(int command) {
        if (command >= commands.size() || commands.stage(command) != Stage.RECEIVING) {
            return false;
        }
        int length = commands.length(command);
        boolean buffered = length <= Limits.IN_CAPSULE_BYTES || commands.largeBuffer(command) != LargeBuffers.NONE;
        return buffered
                && toController(segment, AssociationMemory.held(queue.id(), command))
                && commands.received(command) < length;
    }

    /** The data of the PDU whose header came last is there. */
    void received(boolean intact) {
        int command = current;
        if (!intact) {
            association.badDigest();
            commands.fails(command, Status.TRANSIENT_TRANSPORT_ERROR);
        }
        if (commands.received(command) == commands.length(command)) {
            begin(command, AssociationMemory.held(queue.id(), command));
        }
    }
}
