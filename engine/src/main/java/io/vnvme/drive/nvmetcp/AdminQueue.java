package io.vnvme.drive.nvmetcp;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Status;
import io.vnvme.reactor.Home;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** The admin queue of a remote controller: few commands, each with its own way on when it is answered. */
final class AdminQueue implements HostQueue.Owner {
    /** What goes on when a command is answered. */
    @FunctionalInterface
    interface Reply {
        /**
         * A command has succeeded.
         *
         * @param result dwords 0 and 1
         * @param data what it read; to be used before this returns
         */
        void answered(long result, MemorySegment data);
    }

    /** Whose queue it is. */
    interface Owner {
        /** Commands may be sent. */
        void connected(int controllerId);

        /** See {@link HostQueue.Owner}. */
        void progress();

        /** The queue is gone, or a command failed that should not. */
        void lost(String why);
    }

    /** Connect to an admin queue has at least so many. */
    static final int ENTRIES = 32;

    /** Most that a command reads, in bytes. */
    static final int READ_MAX = 4096;

    private static final int CDW10 = 40;

    /** A command that failed, and what that means. */
    @FunctionalInterface
    interface Refusal {
        void refused(int status);
    }

    private record Pending(
            String what, int bytes, Reply reply, @Nullable Refusal refusal) {}

    private final Owner owner;
    private final SlotMemory memory;
    private final HostQueue queue;
    private final @Nullable Pending[] pending;

    AdminQueue(HostQueue.Terms terms, Owner owner, SlotMemory memory, Inbox inbox, @Nullable Home home) {
        this.owner = owner;
        this.memory = memory;
        pending = new Pending[memory.slots()];
        queue = new HostQueue(terms, this, memory, inbox, home);
    }

    static SlotMemory newMemory() {
        return new SlotMemory(ENTRIES - 1, HostQueue.ADMIN_IN_CAPSULE_BYTES);
    }

    static Inbox newInbox() {
        return new Inbox(READ_MAX);
    }

    HostQueue queue() {
        return queue;
    }

    boolean serving() {
        return queue.serving();
    }

    void propertyGet(int offset, boolean wide, Reply reply) {
        send("Property Get", AdminOpcode.FABRICS, Fabrics.PROPERTY_GET, 0, reply, null, wide ? 1 : 0, offset);
    }

    void propertySet(int offset, int value, Reply reply) {
        send("Property Set", AdminOpcode.FABRICS, Fabrics.PROPERTY_SET, 0, reply, null, 0, offset, value);
    }

    void identify(int cns, int nsid, Reply reply) {
        send("Identify 0x%02x".formatted(cns), AdminOpcode.IDENTIFY, nsid, READ_MAX, reply, null, cns);
    }

    /** The same, of what a controller need not know. */
    void identify(int cns, int nsid, Reply reply, Refusal refusal) {
        send("Identify 0x%02x".formatted(cns), AdminOpcode.IDENTIFY, nsid, READ_MAX, reply, refusal, cns);
    }

    /** @param specific LSP, the log page's own field */
    void logPage(int page, int specific, long offset, int bytes, Reply reply) {
        int dwords = bytes / Integer.BYTES - 1;
        int head = page | specific << 8 | (dwords & 0xffff) << 16;
        send(
                "Get Log Page 0x%02x".formatted(page),
                AdminOpcode.GET_LOG_PAGE,
                0xffff_ffff,
                bytes,
                reply,
                null,
                head,
                dwords >>> 16,
                (int) offset,
                (int) (offset >>> 32));
    }

    void setFeature(int feature, int value, Reply reply) {
        send("Set Features 0x%02x".formatted(feature), AdminOpcode.SET_FEATURES, 0, 0, reply, null, feature, value);
    }

    void keepAlive(Reply reply) {
        send("Keep Alive", AdminOpcode.KEEP_ALIVE, 0, 0, reply, null);
    }

    /** Answered when there is an event, with it. */
    void awaitEvent(Reply reply) {
        send("Asynchronous Event Request", AdminOpcode.ASYNC_EVENT_REQUEST, 0, 0, reply, _ -> {});
    }

    private void send(
            String what, int opcode, int nsid, int inBytes, Reply reply, @Nullable Refusal refusal, int... dwords) {
        int slot = queue.take();
        if (slot == HostQueue.NONE) {
            // It answers none of those before, or asks for ever more by events.
            owner.lost("the target leaves %d admin commands unanswered".formatted(pending.length));
            return;
        }
        long entry = queue.begin(slot, opcode, nsid);
        for (int i = 0; i < dwords.length; i++) {
            memory.segment().set(ValueLayout.JAVA_INT_UNALIGNED, entry + CDW10 + (long) i * Integer.BYTES, dwords[i]);
        }
        pending[slot] = new Pending(what, inBytes, reply, refusal);
        queue.submit(slot, 0, inBytes);
    }

    @Override
    public void connected(int controllerId) {
        owner.connected(controllerId);
    }

    @Override
    public void progress() {
        owner.progress();
    }

    @Override
    public void data(int slot, int offset, MemorySegment from, long at, int length) {
        MemorySegment.copy(from, at, memory.segment(), memory.data(slot) + offset, length);
    }

    @Override
    public void ended(int slot, int status, long result) {
        Pending command = pending[slot];
        if (command == null) {
            throw new IllegalStateException("slot %d has no command".formatted(slot));
        }
        pending[slot] = null;
        try {
            if (Status.typeAndCode(status) == Status.SUCCESS) {
                command.reply().answered(result, memory.segment().asSlice(memory.data(slot), command.bytes()));
            } else if (command.refusal() != null) {
                command.refusal().refused(status);
            } else {
                owner.lost("%s failed with status 0x%x".formatted(command.what(), status));
            }
        } catch (RemoteException e) {
            owner.lost(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void lost(String why) {
        owner.lost(why);
    }
}
