package io.vnvme.frontend.tcp;

import io.vnvme.nvme.Controller;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Fabrics commands after Connect (NVM Express Base 2.0, 6): properties, which are a controller's registers, and Disconnect. */
final class FabricsCommands {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    private final Association association;
    private final Controller controller;
    private final MemorySegment segment;

    FabricsCommands(Association association, Controller controller) {
        this.association = association;
        this.controller = controller;
        this.segment = association.memory().segment();
    }

    void run(QueuePair queue, int command) {
        long entry = AssociationMemory.held(queue.id(), command);
        int type = segment.get(ValueLayout.JAVA_BYTE, entry + Fabrics.FCTYPE) & 0xff;
        if (queue.commands().status(command) != 0) {
            queue.respond(command, 0, queue.commands().status(command));
        } else if (type == Fabrics.AUTHENTICATION_SEND || type == Fabrics.AUTHENTICATION_RECEIVE) {
            authenticate(queue, command, entry, type);
        } else if (!queue.proven()) {
            queue.respond(command, 0, Status.AUTHENTICATION_REQUIRED);
        } else if (type == Fabrics.CONNECT) {
            queue.respond(command, 0, Status.COMMAND_SEQUENCE_ERROR);
        } else if (type == Fabrics.PROPERTY_GET && queue.id() == 0) {
            get(queue, command, entry);
        } else if (type == Fabrics.PROPERTY_SET && queue.id() == 0) {
            set(queue, command, entry);
        } else if (type == Fabrics.DISCONNECT) {
            disconnect(queue, command, entry);
        } else {
            queue.respond(command, 0, Status.INVALID_OPCODE);
        }
    }

    private static void authenticate(QueuePair queue, int command, long entry, int type) {
        QueueAuthentication authentication = queue.authentication();
        if (authentication == null) {
            queue.respond(command, 0, Status.INVALID_OPCODE);
        } else if (type == Fabrics.AUTHENTICATION_SEND) {
            authentication.send(command, entry);
        } else {
            authentication.receive(command, entry);
        }
    }

    private void get(QueuePair queue, int command, long entry) {
        int offset = segment.get(INT, entry + Fabrics.PROPERTY_OFFSET);
        int bytes = propertyBytes(entry);
        int expected = switch (offset) {
            case Registers.CAP -> 8;
            case Registers.VS, Registers.CC, Registers.CSTS, Registers.CRTO -> 4;
            default -> 0;
        };
        if (expected == 0 || bytes != expected) {
            queue.respond(command, 0, Status.INVALID_FIELD);
            return;
        }
        queue.respond(command, controller.readRegister(offset, bytes), Status.SUCCESS);
    }

    private void set(QueuePair queue, int command, long entry) {
        int offset = segment.get(INT, entry + Fabrics.PROPERTY_OFFSET);
        if (offset != Registers.CC || propertyBytes(entry) != 4) {
            queue.respond(command, 0, Status.INVALID_FIELD);
            return;
        }
        association.configure(segment.get(INT, entry + Fabrics.PROPERTY_VALUE));
        queue.respond(command, 0, Status.SUCCESS);
    }

    private int propertyBytes(long entry) {
        return switch (segment.get(ValueLayout.JAVA_BYTE, entry + Fabrics.PROPERTY_ATTRIB) & 7) {
            case 0 -> 4;
            case 1 -> 8;
            default -> 0;
        };
    }

    private void disconnect(QueuePair queue, int command, long entry) {
        if (segment.get(ValueLayout.JAVA_SHORT_UNALIGNED, entry + Fabrics.RECFMT) != 0) {
            queue.respond(command, 0, Status.CONNECT_INCOMPATIBLE_FORMAT);
        } else if (queue.id() == 0) {
            queue.respond(command, 0, Status.INVALID_QUEUE_TYPE);
        } else {
            queue.respond(command, 0, Status.SUCCESS);
            association.disconnect(queue.id(), "disconnected by the host");
        }
    }
}
