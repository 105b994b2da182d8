package io.vnvme.control.cli;

import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.PolledIo;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.Buffer;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * A guest that writes and reads at random, several at a time, each of them in blocks of its own, and compares what it reads with
 * what it wrote there last. It notes how long nothing completed.
 */
final class VerifiedLoad {
    private static final int SLOTS = 16;
    private static final int BLOCK = 4096;
    private static final int BLOCKS_OF_SLOT = 64;

    private final NvmeDriver driver;
    private final SplittableRandom random;
    private final long[][] written = new long[SLOTS][BLOCKS_OF_SLOT];
    private final int[] block = new int[SLOTS];
    private final boolean[] reading = new boolean[SLOTS];
    private final boolean[] busy = new boolean[SLOTS];
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private final List<Long> gapsMs = new ArrayList<>();
    private long version;
    private final AtomicLong completed = new AtomicLong();

    VerifiedLoad(NvmeDriver driver, SplittableRandom random) {
        this.driver = driver;
        this.random = random;
    }

    long completed() {
        return completed.get();
    }

    List<String> failures() {
        return failures;
    }

    List<Long> longestGapsMs(int count) {
        return gapsMs.stream().sorted(Comparator.reverseOrder()).limit(count).toList();
    }

    void run(BooleanSupplier enough) {
        QueuePair pair = driver.createPair(1, 32, 1);
        Buffer data = driver.device().ram().allocate((long) SLOTS * BLOCK);
        int blocks = BLOCK / 512;
        PolledIo io = new PolledIo(pair, 1, data, SLOTS, blocks, 512);
        for (int slot = 0; slot < SLOTS; slot++) {
            begin(io, data, slot);
        }
        io.ring();
        int under = SLOTS;
        long lastNs = System.nanoTime();
        while (under > 0) {
            int count = io.poll();
            long nowNs = System.nanoTime();
            if (count == 0) {
                if (nowNs - lastNs > 30_000_000_000L) {
                    failures.add("nothing completes any more: %d of them wait".formatted(under));
                    return;
                }
                Thread.onSpinWait();
                continue;
            }
            gapsMs.add((nowNs - lastNs) / 1_000_000);
            if (gapsMs.size() > 10_000) {
                gapsMs.sort(Comparator.reverseOrder());
                gapsMs.subList(1000, gapsMs.size()).clear();
            }
            lastNs = nowNs;
            boolean more = !enough.getAsBoolean();
            for (int i = 0; i < count; i++) {
                ended(data, io.slot(i));
                under--;
                if (more) {
                    begin(io, data, io.slot(i));
                    under++;
                }
            }
            io.ring();
        }
        if (io.errors() > 0) {
            failures.add("%d errors, the last 0x%x".formatted(io.errors(), io.lastError()));
        }
        if (io.poll() > 0) {
            failures.add("a completion of a command that had completed");
        }
        io.finish();
    }

    private void begin(PolledIo io, Buffer data, int slot) {
        busy[slot] = true;
        block[slot] = random.nextInt(BLOCKS_OF_SLOT);
        reading[slot] = random.nextBoolean();
        long lba = ((long) slot * BLOCKS_OF_SLOT + block[slot]) * (BLOCK / 512);
        if (reading[slot]) {
            fill(data, slot, -1);
            io.read(slot, lba);
        } else {
            written[slot][block[slot]] = ++version;
            fill(data, slot, version);
            io.write(slot, lba);
        }
    }

    private static void fill(Buffer data, int slot, long value) {
        for (int at = 0; at < BLOCK; at += 8) {
            data.segment().set(ValueLayout.JAVA_LONG, (long) slot * BLOCK + at, value);
        }
    }

    private void ended(Buffer data, int slot) {
        if (!busy[slot]) {
            failures.add("slot %d completed twice".formatted(slot));
        }
        busy[slot] = false;
        completed.incrementAndGet();
        long expected = written[slot][block[slot]];
        for (int at = 0; reading[slot] && at < BLOCK; at += 8) {
            long found = data.segment().get(ValueLayout.JAVA_LONG, (long) slot * BLOCK + at);
            if (found != expected) {
                failures.add("block %d of slot %d has %d at byte %d, not %d"
                        .formatted(block[slot], slot, found, at, expected));
                return;
            }
        }
    }
}
