package io.vnvme.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A well-behaved guest that writes and reads back all the time, and must not notice what others do. */
final class SteadyGuest implements AutoCloseable {
    private static final int RAM_BYTES = 4 << 20;
    private static final int IO_BYTES = 4096;
    private static final int BLOCKS = IO_BYTES / 512;
    private static final int PLACES = 1000;

    private final Path socket;
    private final AtomicLong verified = new AtomicLong();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final Thread thread;
    private volatile boolean ending;

    private SteadyGuest(Path socket) {
        this.socket = socket;
        thread = Thread.ofPlatform().name("steady-guest").start(this::run);
    }

    /** A guest whose I/O is under way. */
    static SteadyGuest start(Path socket) {
        SteadyGuest guest = new SteadyGuest(socket);
        guest.awaitProgress();
        return guest;
    }

    /** Waits until more has been written and read back. */
    void awaitProgress() {
        awaitVerified(2);
    }

    /** Waits until {@code count} more have been written and read back. */
    void awaitVerified(int count) {
        long from = verified.get();
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> verified.get() >= from + count || failure.get() != null);
        assertThat(failure.get()).isNull();
    }

    @Override
    public void close() {
        ending = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        assertThat(failure.get()).as("what the steady guest saw").isNull();
    }

    private void run() {
        try (SocketDevice device = SocketDevice.open(socket, RamLayout.single(RAM_BYTES), 2)) {
            NvmeDriver driver = NvmeDriver.start(device);
            QueuePair pair = driver.createPair(1, 64, 1);
            Buffer out = device.ram().allocate(IO_BYTES);
            Buffer in = device.ram().allocate(IO_BYTES);
            while (!ending) {
                long turn = verified.get();
                for (int i = 0; i < IO_BYTES / Long.BYTES; i++) {
                    out.segment().setAtIndex(ValueLayout.JAVA_LONG, i, turn * 31 + i);
                }
                long lba = turn % PLACES * BLOCKS;
                pair.execute(Command.write(1, lba, BLOCKS), Prp.of(out)).orThrow();
                pair.execute(Command.read(1, lba, BLOCKS), Prp.of(in)).orThrow();
                assertThat(in.segment().mismatch(out.segment())).isEqualTo(-1);
                verified.incrementAndGet();
            }
        } catch (Throwable e) {
            failure.set(e);
        }
    }
}
