package io.vnvme.nvme;

import io.vnvme.devicestate.DeviceStateException;
import io.vnvme.devicestate.DeviceStateWriter;
import io.vnvme.devicestate.Section;
import io.vnvme.nvme.wire.Sqe;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** A queue of a controller's, as it goes elsewhere. */
sealed interface ImageQueue {
    int id();

    /** Address of the first entry. */
    long base();

    int entries();

    /** How many entries were ever fetched from it, or posted to it. */
    long count();

    /** Writes it into the state of a controller that has no queues. */
    void store(Controller controller);

    /** A command in its slot. */
    record InFlight(int slot, long word, MemorySegment entry) {
        private static final long WORD_BITS =
                ControllerState.IN_FLIGHT | ControllerState.PASSED | ControllerState.NUMBER_MASK;

        int opcode() {
            return Sqe.opcode(entry, 0);
        }

        private static InFlight read(Section in) {
            return new InFlight(in.getInt(), in.getLong(), MemorySegment.ofArray(in.getBytes(Sqe.SIZE)));
        }

        private void check(int queueId, int slots, long fetched) {
            long number = word & ControllerState.NUMBER_MASK;
            boolean second = Sqe.fuse(entry, 0) == Sqe.FUSE_SECOND;
            if (slot < 0
                    || slot >= slots
                    || (word & ~WORD_BITS) != 0
                    || (word & ControllerState.IN_FLIGHT) == 0
                    || number >= fetched
                    || (word & ControllerState.PASSED) != 0 && (queueId == 0 || !second)) {
                throw new DeviceStateException("submission queue %d: slot %d with 0x%x".formatted(queueId, slot, word));
            }
        }
    }

    /** @param doorbell the tail that the host has stored */
    record Submission(
            int id,
            long base,
            int entries,
            int completionsId,
            int priority,
            long count,
            int doorbell,
            List<InFlight> commands)
            implements ImageQueue {
        static Submission of(ControllerState state, Doorbells doorbells, int id) {
            long record = ControllerState.submissionQueue(id);
            int entries = state.getInt(record + ControllerState.QUEUE_ENTRIES);
            List<InFlight> commands = new ArrayList<>();
            for (int slot = 0; slot < SubmissionQueue.slots(id, entries); slot++) {
                long word = state.getLong(ControllerState.slotWord(id, slot));
                if (word != 0) {
                    MemorySegment entry = state.segment().asSlice(ControllerState.slot(id, slot), Sqe.SIZE);
                    byte[] copy = entry.toArray(ValueLayout.JAVA_BYTE);
                    commands.add(new InFlight(slot, word, MemorySegment.ofArray(copy)));
                }
            }
            return new Submission(
                    id,
                    state.getLong(record + ControllerState.QUEUE_BASE),
                    entries,
                    state.getInt(record + ControllerState.SQ_CQID),
                    state.getInt(record + ControllerState.SQ_PRIORITY),
                    state.getLong(record + ControllerState.SQ_FETCHED),
                    doorbells.stored(Doorbells.tailOffset(id)),
                    commands);
        }

        static Submission read(Section in) {
            int id = in.getInt();
            int entries = in.getInt();
            long base = in.getLong();
            long count = in.getLong();
            int completionsId = in.getInt();
            int priority = in.getInt();
            int doorbell = in.getInt();
            int commandCount =
                    in.getCount("commands of submission queue %d".formatted(id), ControllerState.ENTRIES_MAX);
            List<InFlight> commands = new ArrayList<>();
            for (int i = 0; i < commandCount; i++) {
                commands.add(InFlight.read(in));
            }
            in.end();
            Submission queue = new Submission(id, base, entries, completionsId, priority, count, doorbell, commands);
            queue.check();
            return queue;
        }

        private void check() {
            ImageQueue.check(this);
            if (priority < 0 || priority > 3 || (id == 0) != (completionsId == 0)) {
                throw new DeviceStateException(
                        "submission queue %d: completion queue %d, priority %d".formatted(id, completionsId, priority));
            }
            BitSet used = new BitSet();
            for (InFlight command : commands) {
                command.check(id, SubmissionQueue.slots(id, entries), count);
                if (used.get(command.slot())) {
                    throw new DeviceStateException("submission queue %d: slot %d twice".formatted(id, command.slot()));
                }
                used.set(command.slot());
            }
        }

        void write(DeviceStateWriter out) {
            out.putInt(id);
            out.putInt(entries);
            out.putLong(base);
            out.putLong(count);
            out.putInt(completionsId);
            out.putInt(priority);
            out.putInt(doorbell);
            out.putInt(commands.size());
            for (InFlight command : commands) {
                out.putInt(command.slot());
                out.putLong(command.word());
                out.putBytes(command.entry());
            }
        }

        @Override
        public void store(Controller controller) {
            ControllerState state = controller.state();
            long record = ControllerState.submissionQueue(id);
            for (int slot = 0; slot < SubmissionQueue.slots(id, entries); slot++) {
                state.setLong(ControllerState.slotWord(id, slot), 0);
            }
            for (InFlight command : commands) {
                MemorySegment.copy(
                        command.entry(), 0, state.segment(), ControllerState.slot(id, command.slot()), Sqe.SIZE);
                state.setLong(ControllerState.slotWord(id, command.slot()), command.word());
            }
            state.setLong(record + ControllerState.QUEUE_BASE, base);
            state.setInt(record + ControllerState.QUEUE_ENTRIES, entries);
            state.setInt(record + ControllerState.SQ_CQID, completionsId);
            state.setInt(record + ControllerState.SQ_PRIORITY, priority);
            state.setLong(record + ControllerState.SQ_FETCHED, count);
            state.setInt(record + ControllerState.QUEUE_VALID, 1);
            controller.doorbells().ring(Doorbells.tailOffset(id), doorbell);
        }
    }

    /** @param doorbell the head that the host has stored */
    record Completion(int id, long base, int entries, int vector, boolean interrupts, long count, int doorbell)
            implements ImageQueue {
        static Completion of(ControllerState state, Doorbells doorbells, int id) {
            long record = ControllerState.completionQueue(id);
            return new Completion(
                    id,
                    state.getLong(record + ControllerState.QUEUE_BASE),
                    state.getInt(record + ControllerState.QUEUE_ENTRIES),
                    state.getInt(record + ControllerState.CQ_VECTOR),
                    state.getInt(record + ControllerState.CQ_INTERRUPTS) != 0,
                    state.getLong(record + ControllerState.CQ_POSTED),
                    doorbells.stored(Doorbells.headOffset(id)));
        }

        static Completion read(Section in) {
            int id = in.getInt();
            int entries = in.getInt();
            long base = in.getLong();
            long count = in.getLong();
            int vector = in.getInt();
            boolean interrupts = in.getInt() != 0;
            int doorbell = in.getInt();
            in.end();
            Completion queue = new Completion(id, base, entries, vector, interrupts, count, doorbell);
            ImageQueue.check(queue);
            return queue;
        }

        void write(DeviceStateWriter out) {
            out.putInt(id);
            out.putInt(entries);
            out.putLong(base);
            out.putLong(count);
            out.putInt(vector);
            out.putInt(interrupts ? 1 : 0);
            out.putInt(doorbell);
        }

        @Override
        public void store(Controller controller) {
            ControllerState state = controller.state();
            long record = ControllerState.completionQueue(id);
            state.setLong(record + ControllerState.QUEUE_BASE, base);
            state.setInt(record + ControllerState.QUEUE_ENTRIES, entries);
            state.setInt(record + ControllerState.CQ_VECTOR, vector);
            state.setInt(record + ControllerState.CQ_INTERRUPTS, interrupts ? 1 : 0);
            state.setLong(record + ControllerState.CQ_POSTED, count);
            // Nothing is on its way by message when a controller stands still.
            state.setLong(record + ControllerState.CQ_DELIVERED, count);
            state.setInt(record + ControllerState.QUEUE_VALID, 1);
            controller.doorbells().ring(Doorbells.headOffset(id), doorbell);
        }
    }

    private static void check(ImageQueue queue) {
        int max = queue.id() == 0 ? ControllerState.ADMIN_ENTRIES_MAX : ControllerState.ENTRIES_MAX;
        if (queue.id() < 0
                || queue.id() >= ControllerState.QUEUES
                || queue.entries() < 2
                || queue.entries() > max
                || (queue.base() & 4095) != 0
                || queue.count() < 0
                || queue.count() >= ControllerState.NUMBER_MASK) {
            throw new DeviceStateException("queue %d of %d entries at 0x%x, number %d"
                    .formatted(queue.id(), queue.entries(), queue.base(), queue.count()));
        }
    }
}
