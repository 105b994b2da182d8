package io.vnvme.testkit.sim;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.memory.Segments;
import io.vnvme.reactor.Clock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A drive in memory that does everything later: completions come from {@link #poll}, after seeded delays.
 *
 * <p>Data moves when work ends, not when it is submitted: as with real DMA, memory that went away in between matters.
 */
public final class SimDrive implements Drive {
    private record Pending(Io io, long dueNs, boolean fails) {}

    private final String name;
    private final int blockSizeBytes;
    private final Clock clock;
    private final SplittableRandom random;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private final List<Pending> pending = new ArrayList<>();
    private Faults faults;
    private boolean held;
    private long flushes;

    public SimDrive(
            String name, long sizeBytes, int blockSizeBytes, Clock clock, Faults faults, SplittableRandom random) {
        this.name = name;
        this.blockSizeBytes = blockSizeBytes;
        this.clock = clock;
        this.faults = faults;
        this.random = random;
        memory = arena.allocate(sizeBytes);
    }

    /** Changes how work that is submitted from now on behaves. */
    public void faults(Faults next) {
        faults = next;
    }

    /** While held, nothing ends. */
    public void hold(boolean hold) {
        held = hold;
    }

    /** Work submitted and not ended. */
    public int pendingCount() {
        return pending.size();
    }

    /** What is under way never happens, and nobody is told: its owner died. */
    public void abandon() {
        pending.clear();
    }

    /** Flushes done, and writes with Force Unit Access. */
    public long flushes() {
        return flushes;
    }

    /** What is stored. */
    public MemorySegment memory() {
        return memory;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long sizeBytes() {
        return memory.byteSize();
    }

    @Override
    public int blockSizeBytes() {
        return blockSizeBytes;
    }

    @Override
    public boolean volatileWriteCache() {
        return true;
    }

    @Override
    public int submit(Io io) {
        long delay = faults.delayMaxNs() == 0 ? 0 : random.nextLong(faults.delayMinNs(), faults.delayMaxNs() + 1);
        boolean fails = faults.errorShare() > 0 && random.nextDouble() < faults.errorShare();
        pending.add(new Pending(io, clock.nowNs() + delay, fails));
        return IoStatus.PENDING;
    }

    @Override
    public int poll(long nowNs) {
        if (held || pending.isEmpty()) {
            return 0;
        }
        List<Pending> due = new ArrayList<>(
                pending.stream().filter(work -> work.dueNs() <= nowNs).toList());
        pending.removeAll(due);
        int count = due.size();
        while (!due.isEmpty()) {
            Pending work = due.remove(random.nextInt(due.size()));
            work.io().complete(work.fails() ? error(work.io()) : perform(work.io()));
        }
        return count;
    }

    /** What is held back is let go by somebody who wakes nobody. */
    @Override
    public long prepareSleep(long nowNs) {
        if (held) {
            return 0;
        }
        long dueNs = pending.stream().mapToLong(Pending::dueNs).min().orElse(UNLIMITED);
        return dueNs == UNLIMITED ? UNLIMITED : Math.max(0, dueNs - nowNs);
    }

    private static int error(Io io) {
        return io.operation() == Io.READ ? IoStatus.READ_ERROR : IoStatus.WRITE_ERROR;
    }

    private int perform(Io io) {
        Segments data = io.data();
        switch (io.operation()) {
            case Io.READ -> data.copyFrom(0, memory, io.offsetBytes(), io.lengthBytes());
            case Io.WRITE -> {
                data.copyTo(0, memory, io.offsetBytes(), io.lengthBytes());
                flushes += io.forceUnitAccess() ? 1 : 0;
            }
            case Io.FLUSH -> flushes++;
            case Io.WRITE_ZEROES, Io.DEALLOCATE ->
                memory.asSlice(io.offsetBytes(), io.lengthBytes()).fill((byte) 0);
            default -> {
                return IoStatus.UNSUPPORTED;
            }
        }
        return IoStatus.OK;
    }

    @Override
    public void close() {
        arena.close();
    }
}
