package io.vnvme.control.plane;

import io.vnvme.frontend.vfiouser.ControllerFactory;
import io.vnvme.frontend.vfiouser.Device;
import io.vnvme.memory.GuestMemory;
import io.vnvme.memory.Region;
import io.vnvme.nvme.Interrupts;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Cqe;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.os.Mapping;
import io.vnvme.os.PeerCredentials;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Poller;
import io.vnvme.reactor.Reactor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A guest in this process that uses a vNVMe for a moment, as a real one would, so that what serves it is compiled before
 * the first real one comes. It rings doorbells and polls completions on the calling thread; the controller is the reactor's.
 *
 * <p>A short nap when there is nothing to do leaves the processor to the compiler.
 */
final class RehearsalGuest {
    private static final long BASE = 0x10_0000;
    private static final int PAGE = 4096;
    private static final int ENTRIES = 128;
    private static final int ADMIN_ENTRIES = 16;
    private static final int DEPTH = 64;
    private static final int LARGE_DEPTH = 4;
    private static final int LARGE_PAGES = 32;
    /** Admin queues, I/O queues, one page with a list for large transfers; data behind them. */
    private static final long ADMIN_SQ = BASE;

    private static final long ADMIN_CQ = BASE + PAGE;
    private static final long IO_SQ = BASE + 2L * PAGE;
    private static final long IO_CQ = BASE + 4L * PAGE;
    private static final long LIST = BASE + 5L * PAGE;
    private static final long DATA = BASE + 8L * PAGE;
    private static final long MEMORY_BYTES = (8L + Math.max(DEPTH, LARGE_PAGES)) * PAGE;
    private static final int CONFIGURATION = 1 | 6 << 16 | 4 << 20;
    private static final int QUEUE = 1;
    private static final int NAP_NS = 20_000;
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final Mapping memory = Mapping.anonymous(MEMORY_BYTES, false);
    private final Mapping page = Mapping.anonymous(Registers.DOORBELLS_SIZE, false);
    private final GuestMemory guest = new GuestMemory();
    private final Home home;
    private final long transferBlocks;
    private final long pages;
    private final int nsid;
    private final long endNs;
    private @Nullable Device device;
    private final Ring admin = new Ring(0, ADMIN_SQ, ADMIN_CQ, ADMIN_ENTRIES);
    private final Ring io = new Ring(QUEUE, IO_SQ, IO_CQ, ENTRIES);
    private long draw = 1;

    /** The guest's side of a queue pair. */
    private final class Ring {
        private final int id;
        private final long sq;
        private final long cq;
        private final int entries;
        private int tail;
        private int head;
        private int phase = 1;

        Ring(int id, long sqIova, long cqIova, int entries) {
            this.id = id;
            this.sq = sqIova - BASE;
            this.cq = cqIova - BASE;
            this.entries = entries;
        }

        /** Puts an entry at the tail; {@link #ring} tells of it. */
        void put(int opcode, int cid, long prp1, long prp2, long cdw10and11, int cdw12) {
            MemorySegment s = memory.segment();
            long at = sq + (long) tail * Sqe.SIZE;
            s.asSlice(at, Sqe.SIZE).fill((byte) 0);
            s.set(ValueLayout.JAVA_INT, at, opcode | cid << 16);
            s.set(ValueLayout.JAVA_INT, at + Sqe.NSID, id == 0 ? 0 : nsid);
            s.set(ValueLayout.JAVA_LONG, at + Sqe.DPTR_LOW, prp1);
            s.set(ValueLayout.JAVA_LONG, at + Sqe.DPTR_HIGH, prp2);
            s.set(ValueLayout.JAVA_LONG, at + Sqe.CDW10, cdw10and11);
            s.set(ValueLayout.JAVA_INT, at + Sqe.CDW12, cdw12);
            tail = (tail + 1) % entries;
        }

        void ring() {
            INT.setRelease(page.segment(), (long) id * 8, tail);
        }

        /** The identifier of the next command that ended, or -1 when there is none. */
        int poll() {
            int word = Cqe.acquireCidStatus(memory.segment(), cq + (long) head * Cqe.SIZE);
            if (Cqe.phase(word) != phase) {
                return -1;
            }
            if (Cqe.status(word) != 0) {
                throw new IllegalStateException("a command ended with status 0x%x".formatted(Cqe.status(word)));
            }
            head++;
            if (head == entries) {
                head = 0;
                phase ^= 1;
            }
            INT.setRelease(page.segment(), id * 8L + 4, head);
            return Cqe.cid(word);
        }

        void await() {
            while (poll() < 0) {
                rest();
            }
        }
    }

    private RehearsalGuest(Home home, int nsid, long sizeBytes, int blockBytes, Duration length) {
        this.home = home;
        this.nsid = nsid;
        this.transferBlocks = PAGE / blockBytes;
        this.pages = sizeBytes / PAGE;
        this.endNs = System.nanoTime() + length.toNanos();
    }

    /**
     * Uses a vNVMe for that long.
     *
     * @throws IllegalStateException when it does not work
     */
    static void run(
            Reactor reactor, ControllerFactory vnvme, int nsid, long sizeBytes, int blockBytes, Duration length) {
        RehearsalGuest guest = new RehearsalGuest(new Home(reactor), nsid, sizeBytes, blockBytes, length);
        Poller poller = guest.home.call(() -> guest.start(vnvme));
        try {
            guest.use();
        } finally {
            guest.end(poller);
        }
    }

    private Poller start(ControllerFactory vnvme) {
        guest.map(new Region(BASE, MEMORY_BYTES, memory.segment(), true, true));
        Device opened = vnvme.open(new ControllerFactory.Host(
                home,
                guest,
                new Silent(),
                page.segment(),
                new PeerCredentials((int) ProcessHandle.current().pid(), 0, 0),
                0,
                ControllerFactory.Note.none()));
        if (opened == null) {
            throw new IllegalStateException("the vNVMe is in use");
        }
        device = opened;
        opened.busMaster(true);
        opened.writeRegister(Registers.AQA, ADMIN_ENTRIES - 1 | ADMIN_ENTRIES - 1 << 16);
        opened.writeRegister(Registers.ASQ, (int) ADMIN_SQ);
        opened.writeRegister(Registers.ACQ, (int) ADMIN_CQ);
        opened.writeRegister(Registers.CC, CONFIGURATION);
        Poller poller = new Poller() {
            @Override
            public int poll(long nowNs) {
                return opened.poll(nowNs);
            }

            @Override
            public long prepareSleep(long nowNs) {
                return opened.prepareSleep(nowNs);
            }
        };
        home.add(poller);
        return poller;
    }

    private void use() {
        admin.put(AdminOpcode.CREATE_CQ, 0, IO_CQ, 0, QUEUE | ENTRIES - 1 << 16 | 1L << 32, 0);
        admin.ring();
        admin.await();
        admin.put(AdminOpcode.CREATE_SQ, 1, IO_SQ, 0, QUEUE | ENTRIES - 1 << 16 | (1L | QUEUE << 16) << 32, 0);
        admin.ring();
        admin.await();
        for (int i = 1; i < LARGE_PAGES; i++) {
            memory.segment().set(ValueLayout.JAVA_LONG, LIST - BASE + (i - 1L) * Long.BYTES, DATA + (long) i * PAGE);
        }
        while (System.nanoTime() < endNs) {
            small(IoOpcode.WRITE);
            small(IoOpcode.READ);
            large();
        }
    }

    /** Some thousand transfers of a page, kept in flight as a busy guest does. */
    private void small(int opcode) {
        int left = 4000;
        int inFlight = 0;
        for (int slot = 0; slot < DEPTH; slot++) {
            page(opcode, slot);
            inFlight++;
        }
        io.ring();
        while (inFlight > 0) {
            int cid = io.poll();
            if (cid < 0) {
                rest();
            } else if (--left > 0) {
                page(opcode, cid);
                io.ring();
            } else {
                inFlight--;
            }
        }
    }

    private void page(int opcode, int slot) {
        draw = draw * 6364136223846793005L + 1442695040888963407L;
        long lba = Math.unsignedMultiplyHigh(draw, pages) * transferBlocks;
        io.put(opcode, slot, DATA + (long) slot * PAGE, 0, lba, (int) transferBlocks - 1);
    }

    private void large() {
        int blocks = (int) transferBlocks * LARGE_PAGES;
        for (int opcode : new int[] {IoOpcode.WRITE, IoOpcode.READ}) {
            for (int i = 0; i < LARGE_DEPTH; i++) {
                io.put(opcode, i, DATA, LIST, (long) i * blocks, blocks - 1);
            }
            io.ring();
            for (int i = 0; i < LARGE_DEPTH; i++) {
                io.await();
            }
        }
        io.put(IoOpcode.FLUSH, 0, 0, 0, 0, 0);
        io.ring();
        io.await();
    }

    private void rest() {
        if (System.nanoTime() - endNs > 5_000_000_000L) {
            throw new IllegalStateException("the vNVMe does not answer");
        }
        LockSupport.parkNanos(NAP_NS);
    }

    private void end(Poller poller) {
        Device used = device;
        if (used != null) {
            home.call(() -> {
                used.reset();
                return true;
            });
            while (!home.call(used::quiescent)) {
                rest();
            }
            home.call(() -> {
                home.remove(poller);
                used.close();
                guest.unmapAll();
                return true;
            });
        }
        memory.close();
        page.close();
    }

    /** Nobody waits for an interrupt. */
    private static final class Silent implements Interrupts {
        @Override
        public void raise(int vector) {
            // The guest looks at its queues.
        }

        @Override
        public int vectorCount() {
            return 1;
        }

        @Override
        public boolean messageSignalledExtended() {
            return true;
        }
    }
}
