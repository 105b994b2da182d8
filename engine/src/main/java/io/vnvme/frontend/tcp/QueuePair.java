package io.vnvme.frontend.tcp;

import io.vnvme.frontend.tcp.CommandTable.Stage;
import io.vnvme.nvme.wire.Cqe;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Pdu;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import io.vnvme.os.SendQueue;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * One queue pair of an association, from both sides: towards the host capsules and data, towards the controller the rings and
 * doorbells that a host of PCI would have.
 *
 * <p>The host's submission queue is a count only: an entry is taken as it arrives. Its head moves on when a command has ended, so
 * that flow control keeps a host to as many commands as there is room for.
 */
final class QueuePair implements SendQueue.Sent {
    /** The head that says that there is none (NVM Express Base 2.0, 6.3). */
    private static final int NO_FLOW_CONTROL = 0xffff;

    private final Association association;
    private final int id;
    private final int entries;
    private final boolean flowControl;
    private final AssociationMemory memory;
    private final MemorySegment segment;
    private final MemorySegment doorbells;
    private final CommandTable commands;
    private final Responses responses;
    private final SendQueue outgoing;
    private final CapsuleIntake intake;
    private final FusedOrder fused;
    private final int ringEntries;
    private int tail;
    private int head;
    private int phase = 1;
    private int sqHead;
    private @Nullable QueueAuthentication authentication;
    /** The connection is gone: nothing more is sent. */
    private boolean closed;
    /** Its commands were made void by a reset. */
    private boolean voided;

    /** @param entries of the host's submission queue */
    QueuePair(Association association, int id, int entries, boolean flowControl, Agreement agreement) {
        this.association = association;
        this.id = id;
        this.entries = entries;
        this.flowControl = flowControl;
        memory = association.memory();
        segment = memory.segment();
        doorbells = association.doorbells();
        // Requests for events stay outstanding beside what else a host does with its admin queue.
        int most = id == 0 ? entries + Association.EVENT_REQUESTS : entries;
        commands = new CommandTable(Math.min(most, Limits.COMMANDS_MAX));
        fused = new FusedOrder(commands.size());
        ringEntries = commands.size() + 1;
        responses = new Responses(segment, memory.digest(), agreement);
        outgoing = new SendQueue(2 * commands.size() + Connection.CONTROL_PDUS, this);
        intake = new CapsuleIntake(this, association);
        memory.clearCompletions(id);
    }

    int id() {
        return id;
    }

    int ringEntries() {
        return ringEntries;
    }

    AssociationMemory memory() {
        return memory;
    }

    CommandTable commands() {
        return commands;
    }

    CapsuleIntake intake() {
        return intake;
    }

    SendQueue outgoing() {
        return outgoing;
    }

    /** Where a command's data lies. */
    long buffer(int command) {
        int large = commands.largeBuffer(command);
        return large == LargeBuffers.NONE
                ? AssociationMemory.buffer(id, command)
                : AssociationMemory.largeBuffer(large);
    }

    /** Answers the Connect command that this queue pair was made by. */
    void connected(int hostId, int controllerId) {
        int required = proven() ? 0 : Fabrics.AUTHENTICATION_REQUIRED;
        respond(commands.take(hostId), controllerId | required, Status.SUCCESS);
    }

    /** The host can show on this queue who it is. */
    void authentication(QueueAuthentication added) {
        authentication = added;
    }

    @Nullable
    QueueAuthentication authentication() {
        return authentication;
    }

    /** Whether the host has shown who it is, or need not. */
    boolean proven() {
        QueueAuthentication known = authentication;
        return known == null || !known.pending();
    }

    /** Whether nothing is done on this queue but for a host that has shown here who it is. */
    boolean guarded() {
        QueueAuthentication known = authentication;
        return known != null && known.guards();
    }

    /** A command has a buffer: data is asked for, or it needs none. */
    void buffered(int command) {
        long held = AssociationMemory.held(id, command);
        if (CapsuleIntake.toController(segment, held)) {
            long at = buffer(command) - Pdu.TERM_DATA_MAX;
            long end = responses.readyToTransfer(at, commands.hostId(command), command, commands.length(command));
            outgoing.add(segment, at, (int) (end - at), SendQueue.NOBODY);
            association.toSend();
        } else {
            ready(command);
        }
    }

    /** A command has all that it needs: it goes to the controller, or ends because of what came. */
    void ready(int command) {
        commands.stage(command, Stage.READY);
        if (fused.undecided(command)) {
            return;
        }
        int partner = fused.partner(command);
        if (partner == FusedOrder.NONE) {
            go(command);
        } else if (commands.stage(partner) == Stage.READY) {
            fused.part(command);
            boolean second = Sqe.fuse(segment, AssociationMemory.held(id, command)) == Sqe.FUSE_SECOND;
            goTogether(second ? partner : command, second ? command : partner);
        }
    }

    /** What one half lacks, both do: the controller gets all of a fused operation or nothing. */
    private void goTogether(int first, int second) {
        if (commands.status(first) != 0) {
            commands.fails(second, Status.ABORTED_FAILED_FUSED);
        } else if (commands.status(second) != 0) {
            commands.fails(first, Status.ABORTED_MISSING_FUSED);
        }
        go(first);
        go(second);
    }

    /** A capsule has come: a first half of a fused operation waits for the second in the capsule behind it only. */
    void arrived(int command) {
        int lone = fused.arrived(command, Sqe.fuse(segment, AssociationMemory.held(id, command)));
        if (lone != FusedOrder.NONE) {
            // What waits for nothing any more, the controller would wait for.
            commands.fails(lone, Status.ABORTED_MISSING_FUSED);
            if (commands.stage(lone) == Stage.READY) {
                go(lone);
            }
        }
    }

    private void go(int command) {
        int status = commands.status(command);
        if (status != 0) {
            respond(command, 0, status);
        } else if (!proven()) {
            respond(command, 0, Status.AUTHENTICATION_REQUIRED);
        } else if (!association.accepts(id)) {
            respond(command, 0, Status.COMMAND_SEQUENCE_ERROR);
        } else {
            submit(command);
        }
    }

    private void submit(int command) {
        long held = AssociationMemory.held(id, command);
        long entry = AssociationMemory.submissions(id) + (long) tail * Sqe.SIZE;
        MemorySegment.copy(segment, held, segment, entry, Sqe.SIZE);
        int opcode = Sqe.opcode(segment, held);
        int fuse = Sqe.fuse(segment, held);
        segment.set(ValueLayout.JAVA_INT_UNALIGNED, entry, Sqe.head(opcode, fuse, Sqe.PSDT_SGL, command));
        // Metadata has no transport here: its pointer says how the host knows the command.
        segment.set(ValueLayout.JAVA_LONG_UNALIGNED, entry + Sqe.MPTR, commands.hostId(command));
        int length = commands.length(command);
        segment.set(
                ValueLayout.JAVA_LONG_UNALIGNED,
                entry + Sqe.DPTR_LOW,
                length == 0 ? 0 : AssociationMemory.iova(buffer(command)));
        segment.set(ValueLayout.JAVA_LONG_UNALIGNED, entry + Sqe.DPTR_HIGH, length);
        association.translate(id, opcode, segment, entry);
        tail = tail + 1 == ringEntries ? 0 : tail + 1;
        doorbells.set(ValueLayout.JAVA_INT, id * 8L, tail);
        commands.stage(command, Stage.SUBMITTED);
    }

    /** Takes what the controller has completed. @return how many */
    int complete() {
        int taken = 0;
        long ring = AssociationMemory.completions(id);
        while (true) {
            long entry = ring + (long) head * Cqe.SIZE;
            int cidStatus = Cqe.acquireCidStatus(segment, entry);
            if (Cqe.phase(cidStatus) != phase) {
                break;
            }
            completed(Cqe.cid(cidStatus), Cqe.result(segment, entry), Cqe.status(cidStatus));
            taken++;
            if (++head == ringEntries) {
                head = 0;
                phase ^= 1;
            }
        }
        if (taken > 0) {
            doorbells.set(ValueLayout.JAVA_INT, id * 8L + 4, head);
        }
        return taken;
    }

    private void completed(int command, long result, int status) {
        boolean data = status == Status.SUCCESS
                && commands.length(command) > 0
                && CapsuleIntake.toHost(segment, AssociationMemory.held(id, command));
        if (data && !closed) {
            respondWithData(command, result);
        } else {
            respond(command, result, status);
        }
    }

    /** Answers a command with all the data that it describes. */
    void respondWithData(int command, long result) {
        // Without a response the host learns neither a result nor the queue's head.
        boolean alone = !flowControl && result == 0;
        long data = buffer(command);
        int hostId = commands.hostId(command);
        long begin = responses.dataBegin(data);
        long end = responses.data(data, commands.length(command), hostId, alone);
        int moved = nextHead();
        if (!alone) {
            end = responses.response(end, result, moved, id, hostId, Status.SUCCESS);
        }
        send(command, begin, end);
    }

    /** Answers a command without data. */
    void respond(int command, long result, int status) {
        if (closed) {
            release(command);
            return;
        }
        long at = AssociationMemory.buffer(id, command) - Pdu.TERM_DATA_MAX;
        // A request for the data may still be there, waiting to be sent.
        long begin = at + Pdu.DATA_BYTES + Pdu.COMMON_BYTES;
        long end = responses.response(begin, result, nextHead(), id, commands.hostId(command), status);
        send(command, begin, end);
    }

    private void send(int command, long begin, long end) {
        commands.stage(command, Stage.RESPONDING);
        outgoing.add(segment, begin, (int) (end - begin), command);
        association.toSend();
    }

    private int nextHead() {
        sqHead = sqHead + 1 == entries ? 0 : sqHead + 1;
        return flowControl ? sqHead : NO_FLOW_CONTROL;
    }

    @Override
    public void sent(int command) {
        release(command);
    }

    private void release(int command) {
        int large = commands.largeBuffer(command);
        if (large != LargeBuffers.NONE) {
            commands.largeBuffer(command, LargeBuffers.NONE);
            association.largeBuffers().giveBack(large);
        }
        commands.giveBack(command);
    }

    /** The rings are new, and what the controller had is void: the controller is about to be enabled, or was reset. */
    void restart() {
        tail = 0;
        head = 0;
        phase = 1;
        memory.clearCompletions(id);
        for (int command = 0; command < commands.size(); command++) {
            if (commands.stage(command) == Stage.SUBMITTED) {
                release(command);
            }
        }
    }

    /** The connection is gone. Commands that have not reached the controller never will. */
    void close() {
        closed = true;
        association.largeBuffers().forget(id);
    }

    boolean closed() {
        return closed;
    }

    /** A reset has ended the controller's queue: its commands' memory is in use until the controller is quiescent. */
    void voided() {
        voided = true;
    }

    boolean isVoided() {
        return voided;
    }

    /** The controller's queue is gone: gives back what is left. */
    void forget() {
        for (int command = 0; command < commands.size(); command++) {
            if (commands.stage(command) != Stage.FREE) {
                release(command);
            }
        }
    }
}
