package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.testkit.client.VfioUserException;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/**
 * Writes that can be checked: every block holds its number and the count of its writes, and what a FLUSH covered is known.
 * After the drive was lost and came back, a block may hold any write from the last flushed one on, and none before.
 */
final class JournalledLoad {
    private static final int BLOCK_BYTES = 4096;
    private static final int SECTORS = BLOCK_BYTES / 512;
    private static final int DEPTH = 16;

    private final int blocks;
    /** By block: the count of the last write that was begun, and of the last that a completed FLUSH covers. */
    private final long[] begun;

    private final long[] durable;
    /** Completed and not flushed: by block, the count of the write. */
    private final Map<Integer, Long> written = new HashMap<>();

    private long count;

    JournalledLoad(int blocks) {
        this.blocks = blocks;
        this.begun = new long[blocks];
        this.durable = new long[blocks];
    }

    /**
     * Writes and flushes until the drive is gone.
     *
     * @param ready told when the drive is there and writes begin
     * @param gone true once the daemon is killed: nothing more will be answered
     * @return completed flushes
     */
    int run(Path socket, SplittableRandom random, Runnable ready, BooleanSupplier gone) {
        int flushes = 0;
        try (SocketDevice device = SocketDevice.open(socket, RamLayout.single(4 << 20), 2)) {
            QueuePair pair = NvmeDriver.start(device).createPair(1, 64, 1);
            List<Buffer> buffers = new ArrayList<>();
            for (int i = 0; i < DEPTH; i++) {
                buffers.add(device.ram().allocate(BLOCK_BYTES));
            }
            ready.run();
            while (!gone.getAsBoolean()) {
                flushes += batch(pair, buffers, random, gone) ? 1 : 0;
            }
        } catch (Gone | VfioUserException e) {
            // The daemon was killed. What it owed is known.
            return flushes;
        }
        return flushes;
    }

    /** Writes to distinct blocks at once, then a FLUSH, or not. */
    private boolean batch(QueuePair pair, List<Buffer> buffers, SplittableRandom random, BooleanSupplier gone) {
        int width = 1 + random.nextInt(DEPTH);
        int[] at = random.ints(0, blocks).distinct().limit(width).toArray();
        int[] cids = new int[width];
        for (int i = 0; i < width; i++) {
            long number = ++count;
            begun[at[i]] = number;
            fill(buffers.get(i).segment(), at[i], number);
            cids[i] =
                    pair.start(Command.write(1, (long) at[i] * SECTORS, SECTORS).data(Prp.of(buffers.get(i))));
        }
        for (int cid : cids) {
            await(pair, cid, gone);
        }
        for (int block : at) {
            written.put(block, begun[block]);
        }
        if (random.nextInt(3) != 0) {
            return false;
        }
        await(pair, pair.start(Command.flush(1)), gone);
        written.forEach((block, number) -> durable[block] = number);
        written.clear();
        return true;
    }

    private static void await(QueuePair pair, int cid, BooleanSupplier gone) {
        Completion completion = pair.completions().claim(pair.id(), cid);
        while (completion == null) {
            if (pair.completions().drain() == 0 && gone.getAsBoolean()) {
                throw new Gone();
            }
            completion = pair.completions().claim(pair.id(), cid);
        }
        completion.orThrow();
    }

    /** The daemon was killed while it owed an answer. */
    private static final class Gone extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private static void fill(MemorySegment memory, int block, long number) {
        for (int i = 0; i < BLOCK_BYTES / Long.BYTES; i += 2) {
            memory.setAtIndex(ValueLayout.JAVA_LONG, i, block);
            memory.setAtIndex(ValueLayout.JAVA_LONG, i + 1, number);
        }
    }

    /** Reads everything back. */
    void verify(Path socket) {
        written.clear();
        try (SocketDevice device = SocketDevice.open(socket, RamLayout.single(4 << 20), 2)) {
            QueuePair pair = NvmeDriver.start(device).createPair(1, 64, 1);
            Buffer buffer = device.ram().allocate(BLOCK_BYTES);
            for (int block = 0; block < blocks; block++) {
                if (begun[block] != 0) {
                    pair.execute(Command.read(1, (long) block * SECTORS, SECTORS), Prp.of(buffer))
                            .orThrow();
                    check(buffer.segment(), block);
                }
            }
        }
    }

    private void check(MemorySegment memory, int block) {
        long first = memory.getAtIndex(ValueLayout.JAVA_LONG, 1);
        for (int i = 0; i < BLOCK_BYTES / Long.BYTES; i += 2) {
            long number = memory.getAtIndex(ValueLayout.JAVA_LONG, i + 1);
            long place = memory.getAtIndex(ValueLayout.JAVA_LONG, i);
            assertThat(number).as("block %d is of one write", block).isEqualTo(first);
            assertThat(place).as("whose block %d holds", block).isEqualTo(number == 0 ? 0 : block);
        }
        assertThat(first).as("write that block %d holds", block).isBetween(durable[block], begun[block]);
        // What was found is there: it must not be older the next time.
        durable[block] = first;
        begun[block] = first;
    }
}
