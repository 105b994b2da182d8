package io.vnvme.testkit.qos;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.driver.PolledIo;
import io.vnvme.testkit.ram.Buffer;

/** A guest that keeps so many commands of one size in flight. */
final class Load implements AutoCloseable {
    private static final int BLOCK = 512;

    private final PolledIo io;
    private final Buffer data;
    private final boolean writes;
    private final int depth;
    private final int blocks;
    private long next;
    private long completed;

    Load(Guests.One guest, int depth, int bytes, boolean writes) {
        this.writes = writes;
        this.depth = depth;
        this.blocks = bytes / BLOCK;
        // All slots use the same few buffers: what they hold does not matter here.
        data = guest.device().ram().allocate((long) depth * bytes);
        io = new PolledIo(guest.pair(), 1, data, depth, blocks, BLOCK);
        for (int slot = 0; slot < depth; slot++) {
            submit(slot);
        }
        io.ring();
    }

    private void submit(int slot) {
        long lba = next++ % (Guests.VOLUME_BYTES / BLOCK / blocks) * blocks;
        if (writes) {
            io.write(slot, lba);
        } else {
            io.read(slot, lba);
        }
    }

    /** Takes what has completed and begins as many. @return how many */
    int turn() {
        int count = io.poll();
        for (int i = 0; i < count; i++) {
            submit(io.slot(i));
        }
        if (count > 0) {
            io.ring();
        }
        completed += count;
        return count;
    }

    long completed() {
        return completed;
    }

    long completedBytes() {
        return completed * blocks * BLOCK;
    }

    int depth() {
        return depth;
    }

    /** Nothing failed. What is in flight is given up: the guest's controller is reset next. */
    @Override
    public void close() {
        assertThat(io.errors()).isZero();
        data.close();
    }
}
