package io.vnvme.testkit.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.nvmetcp.NamespaceFacts;
import io.vnvme.drive.nvmetcp.RemoteDrive;
import io.vnvme.drive.nvmetcp.RemoteHealth;
import io.vnvme.drive.nvmetcp.RemoteNamespace;
import io.vnvme.drive.nvmetcp.RemoteOptions;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.migration.HomeTarget;
import io.vnvme.migration.LiveCopy;
import io.vnvme.reactor.Clock;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.IdlePolicy;
import io.vnvme.reactor.Poller;
import io.vnvme.reactor.Reactor;
import io.vnvme.testkit.server.ServedTarget;
import io.vnvme.volume.LinearVolume;
import io.vnvme.volume.Volume;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A volume is copied, while it is written, to a namespace of another machine: what moves to that machine finds it there. */
@Timeout(60)
final class CopyToNamespaceTest {
    private static final int BYTES = 16 << 20;
    /** At the end, where nobody else writes. */
    private static final int KNOWN_BYTES = 4096;

    private static final int KNOWN_AT = BYTES - KNOWN_BYTES;
    private static final Duration LIMIT = Duration.ofSeconds(20);

    /** Writes, clears and flushes at random, some commands in each pass, and never waits for more than a few. */
    private static final class Writer implements Poller, AutoCloseable {
        private final SplittableRandom random = new SplittableRandom(7);
        private final Arena arena = Arena.ofShared();
        private final List<Io> free = new ArrayList<>();
        private final Volume volume;
        private final Home home;
        private int pending;
        private long ended;

        Writer(Home home, Volume volume) {
            this.home = home;
            this.volume = volume;
            for (int i = 0; i < 16; i++) {
                free.add(new Io((io, status) -> {
                    pending--;
                    ended(io, status);
                }));
            }
        }

        private void ended(Io io, int status) {
            assertThat(status).isEqualTo(IoStatus.OK);
            ended++;
            free.add(io);
        }

        @Override
        public int poll(long nowNs) {
            if (free.isEmpty() || random.nextInt(40) > 0) {
                return 0;
            }
            Io io = free.removeLast();
            int length = 512 * (1 + random.nextInt(64));
            int offset = random.nextInt((KNOWN_AT - length) / 512) * 512;
            io.data().clear();
            switch (random.nextInt(8)) {
                case 0 -> io.prepare(Io.FLUSH, 0, 0, false);
                case 1 -> io.prepare(Io.DEALLOCATE, offset, length, false);
                default -> {
                    MemorySegment memory = arena.allocate(length, 4096);
                    memory.fill((byte) random.nextInt());
                    io.prepare(Io.WRITE, offset, length, false);
                    io.data().add(memory, 0, length);
                }
            }
            int status = volume.submit(io);
            if (status == IoStatus.PENDING) {
                pending++;
            } else {
                ended(io, status);
            }
            return 1;
        }

        @Override
        public long prepareSleep(long nowNs) {
            return 0;
        }

        void stop() {
            home.remove(this);
        }

        @Override
        public void close() {
            arena.close();
        }
    }

    private static NamespaceFacts facts(RemoteNamespace namespace) {
        try (RemoteDrive drive = RemoteDrive.open("there", namespace, new RemoteHealth(), LIMIT)) {
            // What is there is not zero where the volume reads zeros.
            BlockingDrive blocking = new BlockingDrive(drive, Clock.system(), RemoteDrive::pause);
            MemorySegment old = Arena.ofAuto().allocate(1 << 20, 4096).fill((byte) 0x77);
            for (int at = 0; at < BYTES; at += 1 << 20) {
                assertThat(blocking.write(at, old)).isEqualTo(IoStatus.OK);
            }
            return drive.facts();
        }
    }

    @Test
    void isTheSameThereWhenItIsFrozen() {
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        try (ServedTarget target = ServedTarget.open(BYTES);
                RamDrive here = RamDrive.create("here", BYTES);
                Reactor one = Reactor.start("one", -1, IdlePolicy.INTERRUPT, failures::add);
                Reactor two = Reactor.start("two", -1, IdlePolicy.INTERRUPT, failures::add)) {
            RemoteNamespace namespace = Remote.namespace(
                    RemoteOptions.usual(), ServedTarget.NQN, 1, target.address().getPort());
            NamespaceFacts facts = facts(namespace);
            Home home = new Home(one);
            Home there = new Home(two);
            RemoteDrive remote = there.call(() ->
                    RemoteDrive.at(there, "there", namespace, facts, new RemoteHealth(), new SplittableRandom(1)));
            Volume source = new LinearVolume(here, 0, BYTES);
            for (int round = 0; round < 3; round++) {
                copied(home, source, there, new LinearVolume(remote, 0, BYTES), (byte) (round + 1));
            }
            there.call(() -> {
                remote.close();
                return true;
            });
        }
        assertThat(failures).isEmpty();
    }

    /**
     * Copies under writes until it is frozen, and leaves it as it was then.
     *
     * @param known what is written while it is frozen
     */
    private static void copied(Home home, Volume source, Home there, Volume destination, byte known) {
        HomeTarget target = new HomeTarget(home, there, destination);
        Writer[] writer = new Writer[1];
        LiveCopy copy = home.call(() -> {
            LiveCopy made = new LiveCopy(source, target, () -> writer[0].pending, false);
            writer[0] = new Writer(home, made.volume());
            home.add(writer[0]);
            home.add(made);
            made.data(0, BYTES);
            made.begin();
            return made;
        });
        await().atMost(LIMIT).until(copy::ready);
        CompletableFuture<Boolean> frozen = new CompletableFuture<>();
        home.execute(() -> copy.freeze(LIMIT.toNanos(), frozen::complete));
        assertThat(frozen.join()).as(copy.failure().orElse("")).isTrue();
        home.call(() -> {
            assertThat(writer[0].ended).isPositive();
            writer[0].stop();
            return true;
        });
        CompletableFuture<Integer> late = new CompletableFuture<>();
        MemorySegment written = Arena.ofAuto().allocate(KNOWN_BYTES, 4096).fill(known);
        Io write = new Io((_, status) -> late.complete(status));
        write.prepare(Io.WRITE, KNOWN_AT, KNOWN_BYTES, false);
        write.data().add(written, 0, KNOWN_BYTES);
        assertThat((int) home.call(() -> copy.volume().submit(write))).isEqualTo(IoStatus.PENDING);
        byte[] then = content(home, source);
        assertThat(content(there, destination)).isEqualTo(then);
        assertThat(late).as("what is written while it is frozen waits").isNotDone();
        home.call(() -> {
            copy.settle(new Over(destination, target));
            home.remove(copy);
            return true;
        });
        await().atMost(LIMIT).until(() -> home.call(() -> copy.idle() && late.isDone() && writer[0].pending == 0));
        home.call(() -> {
            copy.close();
            return true;
        });
        writer[0].close();
        // What waited went there, not here.
        assertThat(late).isCompletedWithValue(IoStatus.OK);
        assertThat(Arrays.copyOfRange(content(there, destination), KNOWN_AT, BYTES))
                .isEqualTo(written.toArray(ValueLayout.JAVA_BYTE));
        assertThat(content(home, source)).isEqualTo(then);
    }

    /** The destination, as its users on the source's reactor would have it. */
    private record Over(Volume destination, HomeTarget target) implements Volume {
        @Override
        public long sizeBytes() {
            return destination.sizeBytes();
        }

        @Override
        public int blockSizeBytes() {
            return destination.blockSizeBytes();
        }

        @Override
        public boolean volatileWriteCache() {
            return destination.volatileWriteCache();
        }

        @Override
        public int submit(Io io) {
            return target.submit(io);
        }
    }

    private static byte[] content(Home at, Volume volume) {
        MemorySegment memory = Arena.ofAuto().allocate(BYTES, 4096);
        int piece = 128 << 10;
        for (int from = 0; from < BYTES; from += piece) {
            int offset = from;
            CompletableFuture<Integer> end = new CompletableFuture<>();
            Io io = new Io((_, status) -> end.complete(status));
            io.prepare(Io.READ, offset, piece, false);
            io.data().add(memory, offset, piece);
            at.execute(() -> {
                int status = volume.submit(io);
                if (status != IoStatus.PENDING) {
                    end.complete(status);
                }
            });
            assertThat(end.join()).isEqualTo(IoStatus.OK);
        }
        return memory.toArray(ValueLayout.JAVA_BYTE);
    }
}
