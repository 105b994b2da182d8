package io.vnvme.bench.pool;

import io.vnvme.bench.load.RandomBlocks;
import io.vnvme.drive.Drive;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.NamespaceIdentity;
import io.vnvme.nvme.Subsystem;
import io.vnvme.os.Cpu;
import io.vnvme.pool.Done;
import io.vnvme.pool.Pool;
import io.vnvme.pool.PoolImage;
import io.vnvme.qos.Scheduler;
import io.vnvme.reactor.IdlePolicy;
import io.vnvme.reactor.Poller;
import io.vnvme.reactor.Reactor;
import io.vnvme.testkit.driver.InProcessDevice;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.PolledIo;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.sim.Sharing;
import io.vnvme.testkit.sim.SimHost;
import io.vnvme.volume.NullVolume;
import io.vnvme.volume.Volume;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A reactor with a pool, a vNVMe on it, and a client that the reactor polls as well: what it does in a second of its processor
 * is client and server together, and nobody else needs a processor.
 */
final class ReactorSide implements AutoCloseable, ReactorsRun.Side {
    static final long VOLUME_BYTES = 256 << 20;
    private static final long DRIVE_BYTES = 320 << 20;
    private static final int BLOCK_BYTES = 512;
    private static final int TRANSFER_BYTES = 4096;
    private static final int BLOCKS = TRANSFER_BYTES / BLOCK_BYTES;
    private static final int DEPTH = 64;
    private static final int ENTRIES = 256;
    private static final long RAM_BYTES = 4 << 20;

    private final Reactor reactor;
    private final Drive drive;
    private final @Nullable Reactor helper;
    private final Pool pool;
    private final Load load;

    /** What a client did while it was counted. */
    record Count(long transfers, long nanoseconds, long cpuNanoseconds) {
        double iops() {
            return transfers * 1e9 / nanoseconds;
        }

        double cpuNs() {
            return (double) cpuNanoseconds / transfers;
        }
    }

    /** What a pool lies on. */
    record Memory(boolean nothing, int eighthsLent) {
        static final Memory RAM = new Memory(false, 0);
        /** What is read are zeros, and what is written is dropped. */
        static final Memory NOTHING = new Memory(true, 0);

        /** Of each eight copies, another reactor on another processor makes so many. */
        static Memory lent(int eighths) {
            return new Memory(false, eighths);
        }
    }

    /**
     * Makes a pool on RAM and a volume all of which is written.
     *
     * @param cpu processor of the reactor
     * @param helperCpu processor of one that makes copies for it
     */
    ReactorSide(int cpu, int helperCpu, Memory memory) {
        reactor = Reactor.start("side", cpu, IdlePolicy.ADAPTIVE, Throwable::printStackTrace);
        RamDrive ram = RamDrive.create("ram", DRIVE_BYTES);
        PoolImage image = BenchPool.format(ram);
        if (memory.eighthsLent == 0) {
            drive = ram;
            helper = null;
        } else {
            LentCopies lent = new LentCopies(ram, memory.eighthsLent);
            drive = lent;
            helper = Reactor.start("helper", helperCpu, IdlePolicy.POLL, Throwable::printStackTrace);
            helper.execute(() -> helper.add(lent.helper()));
            reactor.execute(() -> reactor.add(lent));
        }
        pool = await(done -> {
            Pool opened = BenchPool.open(image, drive, done);
            reactor.add(opened);
            return opened;
        });
        await(done -> {
            pool.operations().create(BenchPool.volume("v", VOLUME_BYTES), done);
            return pool;
        });
        load = reactor.call(() -> {
            Volume volume = pool.operations().volume("v");
            Scheduler scheduler = new Scheduler();
            Load made = new Load(device(scheduler, memory.nothing ? new NullVolume(volume) : volume));
            reactor.add(scheduler);
            reactor.add(made.device.controller());
            reactor.add(made);
            return made;
        });
        run(Load.FILL);
    }

    /** Begins something on the reactor, and waits for its end. */
    private <T> T await(Function<Done, T> operation) {
        CompletableFuture<Boolean> ended = new CompletableFuture<>();
        T begun = reactor.call(() -> operation.apply(failure -> {
            if (failure == null) {
                ended.complete(true);
            } else {
                ended.completeExceptionally(failure);
            }
        }));
        ended.join();
        return begun;
    }

    private static InProcessDevice device(Scheduler scheduler, Volume volume) {
        Subsystem subsystem = new Subsystem("nqn.2026-01.io.vnvme:bench", "%020d".formatted(0), "vNVMe bench", "1.0");
        Namespace namespace =
                new Namespace(1, NamespaceIdentity.of(new UUID(1, 1)), volume, BLOCK_BYTES, false, scheduler.share());
        return InProcessDevice.open(
                new SimHost(), subsystem, List.of(namespace), RamLayout.single(RAM_BYTES), Sharing.ALL, scheduler);
    }

    private void run(int kind) {
        CompletableFuture<Count> ended = begin(kind, 0, 0);
        ended.join();
    }

    @Override
    public CompletableFuture<Count> begin(int kind, long warmUpNs, long lengthNs) {
        CompletableFuture<Count> ended = new CompletableFuture<>();
        reactor.execute(() -> load.begin(kind, warmUpNs, lengthNs, ended));
        return ended;
    }

    @Override
    public void close() {
        reactor.call(() -> {
            reactor.remove(load);
            reactor.remove(load.device.controller());
            load.device.close();
            reactor.remove(pool);
            pool.close();
            return true;
        });
        reactor.close();
        if (helper != null) {
            helper.close();
        }
        drive.close();
    }

    /** The client: 64 transfers of 4 KiB in flight at random, for as long as it is asked to. */
    static final class Load implements Poller {
        static final int READ = 0;
        static final int WRITE = 1;
        /** Writes the whole volume once, in order. */
        static final int FILL = 2;

        private final InProcessDevice device;
        private final PolledIo io;
        private final RandomBlocks blocks = new RandomBlocks(VOLUME_BYTES / TRANSFER_BYTES);
        private CompletableFuture<Count> ended = new CompletableFuture<>();
        private int kind;
        private int inFlight;
        private boolean active;
        private boolean counting;
        private long fromNs;
        private long endNs;
        private long fromCpuNs;
        private long transfers;
        private long filled;
        private Count counted = new Count(0, 0, 0);

        Load(InProcessDevice device) {
            this.device = device;
            NvmeDriver driver = NvmeDriver.start(device);
            driver.queueCount(1);
            Buffer data = device.ram().allocate((long) DEPTH * TRANSFER_BYTES);
            io = new PolledIo(driver.createPair(1, ENTRIES, -1), 1, data, DEPTH, BLOCKS, BLOCK_BYTES);
        }

        void begin(int wanted, long warmUpNs, long lengthNs, CompletableFuture<Count> told) {
            kind = wanted;
            ended = told;
            fromNs = System.nanoTime() + warmUpNs;
            endNs = fromNs + lengthNs;
            counting = false;
            active = true;
            filled = 0;
            for (int slot = 0; slot < DEPTH; slot++) {
                submit(slot);
            }
            io.ring();
        }

        private void submit(int slot) {
            long block = kind == FILL ? filled++ : blocks.next();
            inFlight++;
            if (kind == READ) {
                io.read(slot, block * BLOCKS);
            } else {
                io.write(slot, block * BLOCKS);
            }
        }

        @Override
        public int poll(long nowNs) {
            if (inFlight == 0) {
                return 0;
            }
            look(nowNs);
            int count = io.poll();
            inFlight -= count;
            transfers += count;
            for (int i = 0; active && i < count; i++) {
                if (kind != FILL || filled < VOLUME_BYTES / TRANSFER_BYTES) {
                    submit(io.slot(i));
                }
            }
            if (count > 0) {
                io.ring();
            }
            if (inFlight == 0) {
                end();
            }
            return count;
        }

        private void look(long nowNs) {
            if (kind == FILL) {
                return;
            }
            if (!counting && nowNs - fromNs >= 0) {
                counting = true;
                fromNs = nowNs;
                fromCpuNs = Cpu.threadCpuTimeNs();
                transfers = 0;
            } else if (counting && active && nowNs - endNs >= 0) {
                active = false;
                endNs = nowNs;
                counted = new Count(transfers, endNs - fromNs, Cpu.threadCpuTimeNs() - fromCpuNs);
            }
        }

        private void end() {
            if (io.errors() > 0) {
                ended.completeExceptionally(new IllegalStateException("%d transfers failed".formatted(io.errors())));
            } else {
                ended.complete(counted);
            }
        }

        @Override
        public long prepareSleep(long nowNs) {
            return inFlight > 0 ? 0 : UNLIMITED;
        }
    }
}
