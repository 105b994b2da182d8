package io.vnvme.testkit.driver;

import io.vnvme.memory.GuestMemory;
import io.vnvme.memory.Region;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.Interrupts;
import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.Subsystem;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.qos.Scheduler;
import io.vnvme.qos.Turn;
import io.vnvme.testkit.ram.GuestRam;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.sim.Sharing;
import io.vnvme.testkit.sim.SimHost;
import io.vnvme.testkit.sim.SimMessages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A controller in this thread: every {@link #turn} is one step of the whole simulated host. */
public final class InProcessDevice implements Device {
    private static final int VECTORS = Controller.IO_QUEUES_MAX + 1;
    private static final long MESSAGE_SEED = 1;
    private static final int QUIET_TURNS = 1_000_000;

    private final SimHost host;
    private final Arena arena = Arena.ofShared();
    private final GuestRam ram;
    private final Region[] regions;
    private final Sharing sharing;
    private final SimMessages messages;
    private final GuestMemory memory;
    private final MemorySegment doorbells = arena.allocate(Registers.DOORBELLS_SIZE, Registers.DOORBELLS_SIZE);
    private final Vectors vectors = new Vectors();
    private final Controller controller;
    private final boolean trapped;

    private InProcessDevice(
            SimHost host,
            Subsystem subsystem,
            List<Namespace> namespaces,
            RamLayout layout,
            Sharing sharing,
            Turn turn,
            boolean trapped) {
        this.host = host;
        this.trapped = trapped;
        this.sharing = sharing;
        ram = GuestRam.create(layout);
        messages = new SimMessages(ram, new SplittableRandom(MESSAGE_SEED));
        memory = sharing == Sharing.ALL ? new GuestMemory() : new GuestMemory(messages);
        regions = new Region[layout.regionCount()];
        controller = new Controller(subsystem, subsystem.nextControllerId(), memory, vectors, doorbells, turn);
        if (trapped) {
            controller.trapDoorbells();
            host.sleeps();
        }
        for (Namespace namespace : namespaces) {
            controller.namespaces().attach(namespace);
        }
        for (int i = 0; i < regions.length; i++) {
            mapRegion(i);
        }
        host.add(controller);
        host.add(messages);
    }

    /** A guest with all its memory mapped, at a new controller of the subsystem with these namespaces. */
    public static InProcessDevice open(
            SimHost host, Subsystem subsystem, List<Namespace> namespaces, RamLayout layout) {
        return open(host, subsystem, namespaces, layout, Sharing.ALL);
    }

    /** The same for a guest that shares its memory, shares none, or only some. */
    public static InProcessDevice open(
            SimHost host, Subsystem subsystem, List<Namespace> namespaces, RamLayout layout, Sharing sharing) {
        return open(host, subsystem, namespaces, layout, sharing, new Scheduler());
    }

    /** The same beside others: the scheduler is the host's. */
    public static InProcessDevice open(
            SimHost host,
            Subsystem subsystem,
            List<Namespace> namespaces,
            RamLayout layout,
            Sharing sharing,
            Scheduler scheduler) {
        return new InProcessDevice(host, subsystem, namespaces, layout, sharing, scheduler.turn(), false);
    }

    /** The same for a guest that has no page of doorbells; the host sleeps, and what it writes to registers wakes it. */
    public static InProcessDevice openTrapped(
            SimHost host, Subsystem subsystem, List<Namespace> namespaces, RamLayout layout, Sharing sharing) {
        return new InProcessDevice(host, subsystem, namespaces, layout, sharing, new Scheduler().turn(), true);
    }

    /** What carries transfers to memory that is not mapped. */
    public SimMessages messages() {
        return messages;
    }

    public Controller controller() {
        return controller;
    }

    public SimHost host() {
        return host;
    }

    @Override
    public GuestRam ram() {
        return ram;
    }

    @Override
    public long read(long offset, int sizeBytes) {
        host.wake();
        return controller.readRegister(offset, sizeBytes);
    }

    @Override
    public void write(long offset, int sizeBytes, long value) {
        host.wake();
        controller.writeRegister(offset, sizeBytes, value);
    }

    /** The page that the controller looks at, whether the guest has it or not. */
    public MemorySegment doorbellPage() {
        return doorbells;
    }

    @Override
    public @Nullable MemorySegment doorbells() {
        return trapped ? null : doorbells;
    }

    @Override
    public void turn() {
        host.step();
    }

    @Override
    public long interrupts(int vector) {
        long count = vectors.counts[vector];
        vectors.counts[vector] = 0;
        return count;
    }

    @Override
    public void busMaster(boolean enabled) {
        host.wake();
        controller.busMaster(enabled);
    }

    @Override
    public void reset() {
        host.wake();
        controller.reset();
    }

    @Override
    public void mapRegion(int index) {
        host.wake();
        Region region = new Region(
                ram.regionIova(index),
                ram.layout().regionBytes(),
                sharing.maps(index) ? ram.region(index) : null,
                true,
                true);
        memory.map(region);
        regions[index] = region;
    }

    @Override
    public void unmapRegion(int index) {
        host.wake();
        Region region = memory.unmap(ram.regionIova(index), ram.layout().regionBytes());
        if (region == null) {
            throw new DriverException("region %d is not mapped".formatted(index));
        }
        turnUntilQuiet(() -> region.inFlight() == 0);
    }

    private void turnUntilQuiet(BooleanSupplier quiet) {
        for (int i = 0; !quiet.getAsBoolean(); i++) {
            if (i > QUIET_TURNS) {
                throw new DriverException("commands in flight never end");
            }
            turn();
        }
    }

    @Override
    public void close() {
        reset();
        turnUntilQuiet(() -> controller.quiescent() && messages.pendingCount() == 0);
        controller.close();
        host.remove(controller);
        host.remove(messages);
        memory.unmapAll();
        ram.close();
        arena.close();
    }

    /** Counts what was raised. */
    private static final class Vectors implements Interrupts {
        private final long[] counts = new long[VECTORS];

        @Override
        public void raise(int vector) {
            counts[vector]++;
        }

        @Override
        public int vectorCount() {
            return VECTORS;
        }

        @Override
        public boolean messageSignalledExtended() {
            return true;
        }
    }
}
