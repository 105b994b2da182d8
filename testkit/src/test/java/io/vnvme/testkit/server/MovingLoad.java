package io.vnvme.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.GuestRam;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A guest that reads, writes, compares and flushes over several queue pairs with many commands in flight, and checks what it reads.
 * It knows which pages it has written itself, as a monitor does; those that only its device writes are for others to know.
 */
final class MovingLoad {
    private static final int BLOCKS = 8;
    private static final int BYTES = 4096;

    private final NvmeDriver driver;
    private final List<Lane> lanes = new ArrayList<>();
    private final BitSet written = new BitSet();
    private final Buffer adminMemory;
    private final SplittableRandom random;
    private long completed;

    /** One command at a time over blocks of its own. */
    private static final class Lane {
        final long lba;
        final Buffer out;
        final Buffer in;
        long stamp;
        int opcode;

        Lane(GuestRam ram, int index) {
            lba = (long) index * BLOCKS;
            out = ram.allocateContiguous(BYTES);
            in = ram.allocateContiguous(BYTES);
        }
    }

    /** A queue pair and the lanes whose commands go over it. */
    private static final class Queue {
        final QueuePair pair;
        final List<Lane> idle = new ArrayList<>();
        final Map<Integer, Lane> busy = new HashMap<>();

        Queue(QueuePair pair) {
            this.pair = pair;
        }
    }

    private final List<Queue> queues = new ArrayList<>();

    MovingLoad(NvmeDriver driver, int pairs, int depth, long seed) {
        this.driver = driver;
        random = new SplittableRandom(seed);
        adminMemory = driver.admin().submissions().memory();
        for (int id = 1; id <= pairs; id++) {
            Queue queue = new Queue(driver.createPair(id, depth, id % 8));
            for (int i = 0; i < depth - 1; i++) {
                Lane lane = new Lane(driver.device().ram(), lanes.size());
                lanes.add(lane);
                queue.idle.add(lane);
            }
            queues.add(queue);
        }
    }

    long completed() {
        return completed;
    }

    int inFlight() {
        return queues.stream().mapToInt(queue -> queue.busy.size()).sum();
    }

    /** Pages of the guest's memory that it has written, by their number from the beginning. */
    BitSet writtenPages() {
        queues.forEach(queue -> wrote(queue.pair.submissions().memory()));
        wrote(adminMemory);
        return written;
    }

    void wrote(Buffer buffer) {
        written.set(
                (int) (buffer.offset() / BYTES), (int) ((buffer.offset() + buffer.sizeBytes() + BYTES - 1) / BYTES));
    }

    /** Begins what there is room for, and takes what has ended. */
    void step() {
        for (Queue queue : queues) {
            take(queue);
            boolean any = false;
            for (int i = queue.idle.size() - 1; i >= 0 && random.nextInt(20) != 0; i--) {
                Lane lane = queue.idle.remove(i);
                queue.busy.put(queue.pair.submissions().submit(command(lane)), lane);
                any = true;
            }
            if (any) {
                queue.pair.submissions().ring();
            }
        }
    }

    /** Begins nothing any more, and waits for all. */
    void drain() {
        driver.until("the end of all commands", () -> {
            queues.forEach(this::take);
            return inFlight() == 0;
        });
    }

    private Command command(Lane lane) {
        int choice = lane.stamp == 0 ? 0 : random.nextInt(8);
        if (choice < 3) {
            lane.opcode = IoOpcode.WRITE;
            lane.stamp = random.nextLong() | 1;
            fill(lane.out.segment(), lane.stamp);
            wrote(lane.out);
            return Command.write(1, lane.lba, BLOCKS).prp(lane.out.iova(), 0);
        }
        if (choice < 6) {
            lane.opcode = IoOpcode.READ;
            return Command.read(1, lane.lba, BLOCKS).prp(lane.in.iova(), 0);
        }
        lane.opcode = choice == 6 ? IoOpcode.COMPARE : IoOpcode.FLUSH;
        return choice == 6
                ? Command.of(IoOpcode.COMPARE).nsid(1).range(lane.lba, BLOCKS).prp(lane.out.iova(), 0)
                : Command.flush(1);
    }

    private static void fill(MemorySegment page, long stamp) {
        for (int i = 0; i < BYTES / 8; i++) {
            page.setAtIndex(ValueLayout.JAVA_LONG, i, stamp + i);
        }
    }

    private static int differing(Lane lane) {
        for (int i = 0; i < BYTES / 8; i++) {
            if (lane.in.segment().getAtIndex(ValueLayout.JAVA_LONG, i) != lane.stamp + i) {
                return i;
            }
        }
        return -1;
    }

    private void take(Queue queue) {
        int taken = 0;
        for (Completion done = queue.pair.completions().poll();
                done != null;
                done = queue.pair.completions().poll()) {
            done.orThrow();
            Lane lane = queue.busy.remove(done.cid());
            if (lane == null) {
                throw new AssertionError("a command that was not begun, or has completed: " + done);
            }
            if (lane.opcode == IoOpcode.READ) {
                assertThat(differing(lane)).as("word that was not written so").isEqualTo(-1);
            }
            queue.idle.add(lane);
            taken++;
        }
        if (taken > 0) {
            queue.pair.completions().ring();
            completed += taken;
        }
    }
}
