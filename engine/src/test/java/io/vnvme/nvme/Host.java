package io.vnvme.nvme;

import io.vnvme.memory.DmaMessages;
import io.vnvme.memory.GuestMemory;
import io.vnvme.memory.Region;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Cqe;
import io.vnvme.nvme.wire.FeatureId;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import io.vnvme.qos.Scheduler;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The barest host of a controller: one region of memory, the admin queue pair, one I/O queue pair. Queues lie at fixed
 * pages; data begins at {@link #DATA}.
 */
final class Host implements AutoCloseable {
    static final long BASE = 0x10_0000;
    static final int PAGES = 1024;
    static final long DATA = BASE + 64 * 4096L;
    private static final int ENTRIES = 16;

    /** What a completion says. */
    record Answer(int sqId, int cid, int status, long result, int sqHead) {}

    /** A queue pair of the host. */
    static final class Pair {
        final int id;
        long sq;
        long cq;
        final int entries;
        int tail;
        int head;
        int phase = 1;

        Pair(int id, int entries) {
            this.id = id;
            this.entries = entries;
            this.sq = BASE + id * 8L * 4096;
            this.cq = sq + 4 * 4096L;
        }
    }

    /** Guest memory by messages: transfers wait until the test lets them go. */
    final class Messages implements DmaMessages {
        final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
        boolean automatic = true;
        int reads;
        int writes;

        @Override
        public void read(long iova, MemorySegment target, Completion completion) {
            reads++;
            waiting.add(() -> {
                boolean inside = inside(iova, target.byteSize());
                if (inside) {
                    MemorySegment.copy(ram, iova - BASE, target, 0, target.byteSize());
                }
                completion.transferred(inside);
            });
        }

        @Override
        public void write(long iova, MemorySegment source, Completion completion) {
            writes++;
            waiting.add(() -> {
                boolean inside = inside(iova, source.byteSize());
                if (inside) {
                    MemorySegment.copy(source, 0, ram, iova - BASE, source.byteSize());
                }
                completion.transferred(inside);
            });
        }

        private boolean inside(long iova, long length) {
            return iova >= BASE && iova + length <= BASE + ram.byteSize();
        }

        void deliver() {
            int count = waiting.size();
            for (int i = 0; i < count; i++) {
                waiting.remove().run();
            }
        }
    }

    final Arena arena = Arena.ofShared();
    final MemorySegment ram = arena.allocate(PAGES * 4096L, 4096);
    private final MemorySegment remembered = Arena.ofAuto().allocate(ReservationMemory.LAYOUT.sizeBytes(), 8);
    final MemorySegment page = Arena.ofAuto().allocate(4096, 4096);
    final Messages messages = new Messages();
    final GuestMemory memory;
    private final Region region;
    Controller controller;
    final TestVolume volume = new TestVolume(4 << 20);
    final List<Integer> raised = new ArrayList<>();
    final Pair admin = new Pair(0, ENTRIES);
    final Pair io = new Pair(1, ENTRIES);
    long nowNs = 1;
    private int nextCid = 1;
    private boolean closed;

    Host() {
        this(false, new Subsystem("nqn.2026-01.io.vnvme:unit", "S1", "unit", "1"), 7);
    }

    static Host byMessages() {
        return new Host(true, new Subsystem("nqn.2026-01.io.vnvme:unit", "S1", "unit", "1"), 7);
    }

    Host(boolean byMessages, Subsystem subsystem, int controllerId) {
        memory = byMessages ? new GuestMemory(messages) : new GuestMemory();
        region = new Region(BASE, ram.byteSize(), byMessages ? null : ram, true, true);
        memory.map(region);
        controller = new Controller(subsystem, controllerId, memory, new Vectors(), page);
    }

    /** Another process goes on with the controller, from what its state says at this moment; this one's is left as it is. */
    void adopt() {
        Namespace shown = controller.namespaces().find(1);
        controller = Controller.adopt(
                controller.subsystem(),
                controller.stateFd().duplicate(),
                memory,
                new Vectors(),
                page,
                new Scheduler().turn());
        if (shown != null) {
            controller.namespaces().attach(namespace(1));
        }
        controller.busMaster(true);
        controller.resume();
    }

    /** A controller as after power-on is in the place of this one, which is gone, with its doorbell page; memory stays. */
    void replace() {
        Subsystem subsystem = controller.subsystem();
        controller.reset();
        volume.completeAll();
        controller.close();
        page.fill((byte) 0);
        controller = new Controller(subsystem, 9, memory, new Vectors(), page);
        controller.namespaces().attach(namespace(1));
    }

    private final class Vectors implements Interrupts {
        @Override
        public void raise(int vector) {
            raised.add(vector);
        }

        @Override
        public int vectorCount() {
            return 200;
        }

        @Override
        public boolean messageSignalledExtended() {
            return true;
        }
    }

    /** That of namespace 1 finds the reservations that another process has left. */
    Namespace namespace(int nsid) {
        Namespace namespace = new Namespace(nsid, NamespaceIdentity.of(new UUID(1, nsid)), volume, 512, false);
        if (nsid == 1) {
            namespace.rememberReservations(new ReservationMemory(remembered, true));
        }
        return namespace;
    }

    /** Those of namespace 1, as the controller has it now. */
    Reservations reservations() {
        return Objects.requireNonNull(controller.namespaces().find(1)).reservations();
    }

    /** Attaches namespace 1, enables, and creates the I/O queue pair. */
    static Host ready() {
        Host host = new Host();
        host.controller.namespaces().attach(host.namespace(1));
        host.enable();
        host.createPair(host.io);
        return host;
    }

    void enable() {
        enable(ENTRIES, ENTRIES);
    }

    void enable(int sqEntries, int cqEntries) {
        register(Registers.AQA, sqEntries - 1 | cqEntries - 1 << 16);
        controller.writeRegister(Registers.ASQ, 8, admin.sq);
        controller.writeRegister(Registers.ACQ, 8, admin.cq);
        fresh(admin);
        register(Registers.CC, 1 | 6 << 16 | 4 << 20);
    }

    void disable() {
        register(Registers.CC, 6 << 16 | 4 << 20);
    }

    void fresh(Pair pair) {
        pair.tail = 0;
        pair.head = 0;
        pair.phase = 1;
        ram.asSlice(pair.cq - BASE, 4 * 4096L).fill((byte) 0);
    }

    void createPair(Pair pair) {
        fresh(pair);
        expect(
                Status.SUCCESS,
                admin(AdminOpcode.CREATE_CQ)
                        .dptr(pair.cq, 0)
                        .dword(10, pair.id | pair.entries - 1 << 16)
                        .dword(11, 3 | pair.id << 16));
        expect(
                Status.SUCCESS,
                admin(AdminOpcode.CREATE_SQ)
                        .dptr(pair.sq, 0)
                        .dword(10, pair.id | pair.entries - 1 << 16)
                        .dword(11, 1 | pair.id << 16));
    }

    private static void expect(int status, Entry entry) {
        Answer completion = entry.run();
        if (completion.status() != status) {
            throw new IllegalStateException("0x%x".formatted(completion.status()));
        }
    }

    int register(int offset) {
        return (int) controller.readRegister(offset, 4);
    }

    void register(int offset, int value) {
        controller.writeRegister(offset, 4, value);
    }

    boolean fatal() {
        return (register(Registers.CSTS) & Registers.CSTS_CFS) != 0;
    }

    /** A command under construction. */
    final class Entry {
        private final Pair pair;
        private final MemorySegment bytes = Arena.ofAuto().allocate(64, 8);
        final int cid = nextCid++;

        Entry(Pair pair, int opcode) {
            this.pair = pair;
            bytes.set(ValueLayout.JAVA_INT, 0, Sqe.head(opcode, 0, 0, cid));
        }

        Entry fuse(int fuse) {
            bytes.set(ValueLayout.JAVA_BYTE, 1, (byte) fuse);
            return this;
        }

        Entry nsid(int nsid) {
            return dword(1, nsid);
        }

        Entry dword(int number, int value) {
            bytes.set(ValueLayout.JAVA_INT, 4L * number, value);
            return this;
        }

        Entry dptr(long low, long high) {
            bytes.set(ValueLayout.JAVA_LONG, Sqe.DPTR_LOW, low);
            bytes.set(ValueLayout.JAVA_LONG, Sqe.DPTR_HIGH, high);
            return this;
        }

        /** Blocks of 512 bytes with data at a guest address. */
        Entry blocks(long first, int count, long iova) {
            bytes.set(ValueLayout.JAVA_LONG, Sqe.CDW10, first);
            return dword(12, count - 1).dptr(iova, (iova & -4096) + 4096);
        }

        /** Puts the entry in its queue without ringing. */
        int put() {
            MemorySegment.copy(bytes, 0, ram, pair.sq - BASE + pair.tail * 64L, 64);
            pair.tail = (pair.tail + 1) % pair.entries;
            return cid;
        }

        int submit() {
            put();
            ring(pair);
            return cid;
        }

        Answer run() {
            submit();
            return next(pair);
        }
    }

    Entry admin(int opcode) {
        return new Entry(admin, opcode);
    }

    Entry io(int opcode) {
        return new Entry(io, opcode).nsid(1);
    }

    void ring(Pair pair) {
        page.set(ValueLayout.JAVA_INT, pair.id * 8L, pair.tail);
    }

    /** Some passes, and the messages between them. */
    void step() {
        for (int i = 0; i < 12; i++) {
            controller.poll(nowNs);
            if (messages.automatic) {
                messages.deliver();
            }
        }
    }

    /** The next completion after a step, or null. */
    @Nullable
    Answer poll(Pair pair) {
        step();
        long at = pair.cq - BASE + pair.head * 16L;
        int word = Cqe.acquireCidStatus(ram, at);
        if (Cqe.phase(word) != pair.phase) {
            return null;
        }
        Answer completion = new Answer(
                Cqe.sqId(ram, at),
                Cqe.cid(word),
                Cqe.status(word) & ~Status.MORE,
                Cqe.result(ram, at),
                Cqe.sqHead(ram, at));
        if (++pair.head == pair.entries) {
            pair.head = 0;
            pair.phase ^= 1;
        }
        page.set(ValueLayout.JAVA_INT, pair.id * 8L + 4, pair.head);
        return completion;
    }

    /** The next completion, which must be there. */
    Answer next(Pair pair) {
        Answer answer = poll(pair);
        if (answer == null) {
            throw new AssertionError("no completion; " + controller.failure());
        }
        return answer;
    }

    /** Namespace 1. */
    Namespace attached() {
        return Objects.requireNonNull(controller.namespaces().find(1));
    }

    /** Asynchronous commands that the guest's one region is held for. */
    int inFlight() {
        return region.inFlight();
    }

    /** Sets the 128-bit Host Identifier. */
    void identify(long low, long high) {
        ram.set(ValueLayout.JAVA_LONG, DATA - BASE, low);
        ram.set(ValueLayout.JAVA_LONG, DATA - BASE + 8, high);
        expect(
                Status.SUCCESS,
                admin(AdminOpcode.SET_FEATURES)
                        .dptr(DATA, 0)
                        .dword(10, FeatureId.HOST_IDENTIFIER)
                        .dword(11, 1));
    }

    MemorySegment data(long bytes) {
        return ram.asSlice(DATA - BASE, bytes);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        controller.reset();
        messages.deliver();
        volume.completeAll();
        controller.close();
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
