package io.vnvme.drive.nvmetcp;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.reactor.Home;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The I/O queue of an association: parts of units of work become commands.
 *
 * <p>What is written is copied once, into memory of the queue's: a guest's own can go away at any time, and a PDU that was begun
 * must be ended for all others on the connection. What is read is copied once, from where it was received.
 */
final class IoQueue implements HostQueue.Owner {
    /** Commands that are outstanding at once. */
    static final int COMMANDS_MAX = 128;

    /** Data of one command at most: memory for it is there for every slot. Two clusters of a pool. */
    static final int TRANSFER_MAX = 128 << 10;

    private static final int BLOCKS_MAX = 1 << 16;
    private static final int ZEROES_MAX = 32 << 20;
    private static final int FORCE_UNIT_ACCESS = 1 << 30;
    private static final int DEALLOCATE = 1 << 25;

    private final RemoteAssociation association;
    private final RemoteDrive drive;
    private final HostQueue queue;
    private final MemorySegment memory;
    private final ControllerFacts controller;
    private final int nsid;
    private final int blockShift;
    private final @Nullable RemoteCommand[] commands;

    IoQueue(
            RemoteAssociation association,
            RemoteDrive drive,
            HostQueue.Terms terms,
            SlotMemory slots,
            Inbox inbox,
            ControllerFacts controller,
            int blockBytes,
            @Nullable Home home) {
        this.association = association;
        this.drive = drive;
        this.controller = controller;
        memory = slots.segment();
        nsid = terms.namespace().nsid();
        blockShift = Integer.numberOfTrailingZeros(blockBytes);
        commands = new RemoteCommand[slots.slots()];
        queue = new HostQueue(terms, this, slots, inbox, home);
        queue.inCapsuleMax(controller.inCapsuleMax());
    }

    HostQueue queue() {
        return queue;
    }

    /** Most bytes that one command can be about. */
    long limit(RemoteCommand command) {
        return switch (command.io().operation()) {
            case Io.READ, Io.WRITE -> controller.transferMax();
            case Io.FLUSH -> Long.MAX_VALUE;
            default ->
                controller.writeZeroes()
                        ? Math.min((long) BLOCKS_MAX << blockShift, ZEROES_MAX)
                        : controller.transferMax();
        };
    }

    /** Sends a command that has room; one whose data cannot be had ends, and what was thrown goes on. */
    void issue(RemoteCommand command, long nowNs) {
        int slot = queue.take();
        try {
            send(slot, command);
        } catch (InternalError | RuntimeException fault) {
            queue.giveBack(slot);
            drive.ended(command, IoStatus.WRITE_ERROR);
            throw fault;
        }
        command.sentNs = nowNs;
        commands[slot] = command;
    }

    private void send(int slot, RemoteCommand command) {
        Io io = command.io();
        int length = (int) command.length;
        switch (io.operation()) {
            case Io.FLUSH -> {
                queue.begin(slot, IoOpcode.FLUSH, nsid);
                queue.submit(slot, 0, 0);
            }
            case Io.READ -> {
                range(slot, IoOpcode.READ, command, 0);
                queue.submit(slot, 0, length);
            }
            case Io.WRITE -> {
                io.data().copyTo(command.position, memory, queue.data(slot), length);
                range(slot, IoOpcode.WRITE, command, forced(io));
                queue.submit(slot, length, 0);
            }
            default -> zero(slot, command, io, length);
        }
    }

    private static int forced(Io io) {
        return io.forceUnitAccess() ? FORCE_UNIT_ACCESS : 0;
    }

    /** Write Zeroes says what is read afterwards, which a deallocation by Dataset Management does not. */
    private void zero(int slot, RemoteCommand command, Io io, int length) {
        if (controller.writeZeroes()) {
            int deallocate = io.operation() == Io.DEALLOCATE ? DEALLOCATE : 0;
            range(slot, IoOpcode.WRITE_ZEROES, command, forced(io) | deallocate);
            queue.submit(slot, 0, 0);
        } else {
            memory.asSlice(queue.data(slot), length).fill((byte) 0);
            range(slot, IoOpcode.WRITE, command, forced(io));
            queue.submit(slot, length, 0);
        }
    }

    private void range(int slot, int opcode, RemoteCommand command, int flags) {
        long entry = queue.begin(slot, opcode, nsid);
        long first = command.io().offsetBytes() + command.position >>> blockShift;
        int blocks = (int) (command.length >>> blockShift);
        memory.set(ValueLayout.JAVA_LONG_UNALIGNED, entry + Sqe.CDW10, first);
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, entry + Sqe.CDW12, blocks - 1 | flags);
    }

    private RemoteCommand command(int slot) {
        RemoteCommand command = commands[slot];
        if (command == null) {
            throw new IllegalStateException("slot %d has no command".formatted(slot));
        }
        return command;
    }

    @Override
    public void connected(int controllerId) {
        association.live();
    }

    @Override
    public void progress() {
        association.progress();
    }

    @Override
    public void data(int slot, int offset, MemorySegment from, long at, int length) {
        RemoteCommand command = command(slot);
        try {
            command.io().data().copyFrom(command.position + offset, from, at, length);
        } catch (InternalError | RuntimeException fault) {
            // A guest has taken its memory away: its command ends when the controller has answered it.
            command.transfer().failed(IoStatus.READ_ERROR);
            throw fault;
        }
    }

    @Override
    public void ended(int slot, int status, long result) {
        RemoteCommand command = command(slot);
        commands[slot] = null;
        int verdict = Verdict.of(status, command.io().operation());
        switch (verdict) {
            case Verdict.ACCESS -> {
                association.inaccessible();
                drive.again(command, true);
            }
            case Verdict.AGAIN -> drive.again(command, false);
            default -> drive.ended(command, verdict);
        }
    }

    @Override
    public void lost(String why) {
        association.lost(why);
    }

    /**
     * The path is given up, maybe for what was done with one of these.
     *
     * @param sentByNs those that were sent until then
     * @return how many there are
     */
    int blame(long sentByNs) {
        int count = 0;
        for (RemoteCommand command : commands) {
            if (command != null && command.sentNs <= sentByNs) {
                command.strikes++;
                count++;
            }
        }
        return count;
    }

    /** Whether a command that was sent until then has not been answered. */
    boolean hasSentBy(long ns) {
        for (RemoteCommand command : commands) {
            if (command != null && command.sentNs <= ns) {
                return true;
            }
        }
        return false;
    }

    /** Moves the commands that are outstanding to {@code list}: nobody will answer them any more. */
    void takeOutstanding(List<RemoteCommand> list) {
        for (int slot = 0; slot < commands.length; slot++) {
            RemoteCommand command = commands[slot];
            if (command != null) {
                commands[slot] = null;
                list.add(command);
            }
        }
    }
}
