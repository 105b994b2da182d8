package io.vnvme.control.service;

import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.PolledIo;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/**
 * A client of a vNVMe that writes, flushes now and then, and reads back what it wrote, on a thread of its own until it is
 * closed: at any time some commands are in flight.
 */
public final class CheckedClient implements AutoCloseable {
    private static final int BLOCK_BYTES = 4096;
    private static final int SECTORS = BLOCK_BYTES / 512;
    private static final int SLOTS = 8;
    private static final int BLOCKS_PER_SLOT = 64;
    /** What a volume has to have for it. */
    public static final long VOLUME_BYTES = (long) SLOTS * BLOCKS_PER_SLOT * BLOCK_BYTES;

    private static final int FLUSH_EVERY = 101;
    private static final long NAP_NS = 20_000;

    private final SocketDevice device;
    private final Buffer data;
    private final PolledIo io;
    private final Thread thread;
    private final CompletableFuture<Long> result = new CompletableFuture<>();
    private final long[] stamps = new long[SLOTS];
    private final int[] stages = new int[SLOTS];
    private volatile long completed;
    private volatile boolean ends;

    private CheckedClient(SocketDevice opened) {
        device = opened;
        data = device.ram().allocate((long) SLOTS * BLOCK_BYTES);
        io = new PolledIo(NvmeDriver.start(device).createPair(1, 64, 1), 1, data, SLOTS, SECTORS, 512);
        thread = Thread.ofPlatform().name("client").start(() -> {
            try {
                result.complete(run());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
    }

    public static CheckedClient open(Path socket) {
        return new CheckedClient(SocketDevice.open(socket, RamLayout.single(4 << 20), 2));
    }

    /** One that rings its doorbells by messages, which wake a reactor. */
    static CheckedClient openTrapped(Path socket) {
        return new CheckedClient(SocketDevice.openTrapped(socket, RamLayout.single(4 << 20), 2));
    }

    /** Commands that have ended. */
    public long completed() {
        if (result.isCompletedExceptionally()) {
            result.join();
        }
        return completed;
    }

    private long run() {
        int inFlight = 0;
        long total = 0;
        for (int slot = 0; slot < SLOTS; slot++) {
            next(slot);
            inFlight++;
        }
        io.ring();
        while (inFlight > 0) {
            int ended = io.poll();
            for (int i = 0; i < ended; i++) {
                inFlight += ended(io.slot(i)) ? 0 : -1;
            }
            if (ended > 0) {
                io.ring();
                total += ended;
                completed = total;
            } else {
                // The reactors need the processors more than the client.
                LockSupport.parkNanos(NAP_NS);
            }
        }
        if (io.errors() > 0) {
            throw new AssertionError("%d commands failed, the last with 0x%x".formatted(io.errors(), io.lastError()));
        }
        return total;
    }

    private long lba(int slot) {
        return (slot + stamps[slot] % BLOCKS_PER_SLOT * SLOTS) * SECTORS;
    }

    private MemorySegment buffer(int slot) {
        return data.segment().asSlice((long) slot * BLOCK_BYTES, BLOCK_BYTES);
    }

    /** Begins with a write of another stamp. */
    private void next(int slot) {
        stamps[slot]++;
        fill(slot, stamps[slot]);
        stages[slot] = 0;
        io.write(slot, lba(slot));
    }

    private void fill(int slot, long stamp) {
        for (long at = 0; at < BLOCK_BYTES; at += Long.BYTES) {
            buffer(slot).set(ValueLayout.JAVA_LONG, at, stamp * 31 + slot + at);
        }
    }

    /** @return whether the slot goes on */
    private boolean ended(int slot) {
        switch (stages[slot]++) {
            case 0 -> {
                if (stamps[slot] % FLUSH_EVERY == 0) {
                    io.flush(slot);
                } else {
                    return ended(slot);
                }
            }
            case 1 -> {
                fill(slot, 0);
                io.read(slot, lba(slot));
            }
            default -> {
                check(slot);
                if (ends) {
                    return false;
                }
                next(slot);
            }
        }
        return true;
    }

    private void check(int slot) {
        for (long at = 0; at < BLOCK_BYTES; at += Long.BYTES) {
            long found = buffer(slot).get(ValueLayout.JAVA_LONG, at);
            if (found != stamps[slot] * 31 + slot + at) {
                throw new AssertionError(
                        "slot %d, write %d, byte %d: read back %x".formatted(slot, stamps[slot], at, found));
            }
        }
    }

    /** Waits for what is in flight; what it found wrong is thrown. */
    @Override
    public void close() {
        ends = true;
        result.join();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        device.close();
    }
}
