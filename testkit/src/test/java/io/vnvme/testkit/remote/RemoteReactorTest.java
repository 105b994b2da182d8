package io.vnvme.testkit.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.ThreadMXBean;
import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.nvmetcp.NamespaceFacts;
import io.vnvme.drive.nvmetcp.RemoteDrive;
import io.vnvme.drive.nvmetcp.RemoteHealth;
import io.vnvme.drive.nvmetcp.RemoteNamespace;
import io.vnvme.drive.nvmetcp.RemoteOptions;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.reactor.Clock;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.IdlePolicy;
import io.vnvme.reactor.Reactor;
import io.vnvme.testkit.server.ServedTarget;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A remote drive as reactors use it: asleep until something arrives, moved while it works, and without garbage. */
class RemoteReactorTest {
    private static final int DRIVE_BYTES = 16 << 20;
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int BLOCK = 4096;
    private static final long WARM_UP_COMMANDS = 20_000;
    private static final long RUN_COMMANDS = 5_000;
    private static final int RUNS_MAX = 50;
    private static final double BYTES_PER_COMMAND_MAX = 1;

    private static NamespaceFacts facts(RemoteNamespace namespace) {
        try (RemoteDrive drive = RemoteDrive.open("remote0", namespace, new RemoteHealth(), LIMIT)) {
            // The first thing that claiming a drive does, on a thread that waits.
            BlockingDrive blocking = new BlockingDrive(drive, Clock.system(), RemoteDrive::pause);
            assertThat(blocking.write(0, Remote.filled(BLOCK, 1))).isEqualTo(IoStatus.OK);
            return drive.facts();
        }
    }

    @Test
    void sleepsBetweenCommandsAndMovesBetweenReactors() {
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES);
                Reactor one = Reactor.start("one", -1, IdlePolicy.INTERRUPT, failures::add);
                Reactor two = Reactor.start("two", -1, IdlePolicy.INTERRUPT, failures::add)) {
            RemoteNamespace namespace = Remote.namespace(
                    RemoteOptions.usual(), ServedTarget.NQN, 1, target.address().getPort());
            NamespaceFacts facts = facts(namespace);
            Home home = new Home(one);
            RemoteHealth health = new RemoteHealth();
            RemoteDrive drive =
                    home.call(() -> RemoteDrive.at(home, "remote0", namespace, facts, health, new SplittableRandom(1)));
            for (int i = 0; i < 40; i++) {
                assertThat(run(home, drive, Io.WRITE, Remote.filled(BLOCK, i))).isEqualTo(IoStatus.OK);
                MemorySegment read = Remote.filled(BLOCK, 0x55);
                assertThat(run(home, drive, Io.READ, read)).isEqualTo(IoStatus.OK);
                assertThat(read.mismatch(Remote.filled(BLOCK, i))).isEqualTo(-1);
                if (i % 10 == 9) {
                    AtomicBoolean moved = new AtomicBoolean();
                    Reactor from = home.reactor();
                    Home.move(from, from == one ? two : one, () -> List.of(home), _ -> moved.set(true));
                    await().atMost(LIMIT).untilTrue(moved);
                }
            }
            assertThat(health.paths().getFirst().losses()).isZero();
            home.call(() -> {
                drive.close();
                return true;
            });
            await().atMost(LIMIT).until(() -> target.target().connected().isEmpty());
        }
        assertThat(failures).isEmpty();
    }

    /** A write that waits for its controller's end is answered then, by a drive that was closed long before. */
    @Test
    void closingHoldsNobodyUp() {
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        RemoteOptions options = RemoteOptions.usual().keepAlive(Duration.ofMillis(500));
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES);
                Network network = new Network(target.address());
                Reactor reactor = Reactor.start("one", -1, IdlePolicy.INTERRUPT, failures::add)) {
            RemoteNamespace namespace = Remote.namespace(options, ServedTarget.NQN, 1, network.port());
            NamespaceFacts facts = facts(namespace);
            Home home = new Home(reactor);
            RemoteHealth health = new RemoteHealth();
            RemoteDrive drive =
                    home.call(() -> RemoteDrive.at(home, "remote0", namespace, facts, health, new SplittableRandom(1)));
            assertThat(run(home, drive, Io.WRITE, Remote.filled(BLOCK, 1))).isEqualTo(IoStatus.OK);
            network.withhold(IoOpcode.WRITE);
            CompletableFuture<Integer> held = begin(home, drive, Io.WRITE, Remote.filled(BLOCK, 2));
            await().atMost(LIMIT).until(network::hasWithheld);
            network.withhold(-1);
            network.strand();
            await().atMost(LIMIT).until(() -> health.resent() == 1);
            AtomicBoolean closed = new AtomicBoolean();
            home.call(() -> {
                drive.close(() -> closed.set(true));
                return true;
            });
            assertThat(held).isNotDone();
            assertThat(run(home, drive, Io.READ, Remote.filled(BLOCK, 0))).isEqualTo(IoStatus.GONE);
            assertThat(held.orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join())
                    .isEqualTo(IoStatus.GONE);
            await().atMost(LIMIT).untilTrue(closed);
            await().atMost(LIMIT).until(() -> target.target().connected().isEmpty());
        }
        assertThat(failures).isEmpty();
    }

    /** No loss time is none after a loss: before the first connection nothing is lost. */
    @Test
    void withoutALossTimeItConnectsAllTheSame() {
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        RemoteOptions options = RemoteOptions.usual().lossTime(Duration.ZERO);
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES);
                Reactor reactor = Reactor.start("one", -1, IdlePolicy.INTERRUPT, failures::add)) {
            RemoteNamespace namespace = Remote.namespace(
                    options, ServedTarget.NQN, 1, target.address().getPort());
            NamespaceFacts facts = facts(namespace);
            Home home = new Home(reactor);
            RemoteDrive drive = home.call(() ->
                    RemoteDrive.at(home, "remote0", namespace, facts, new RemoteHealth(), new SplittableRandom(1)));
            assertThat(run(home, drive, Io.READ, Remote.filled(BLOCK, 0))).isEqualTo(IoStatus.OK);
            target.deny(Remote.HOST.nqn());
            await().atMost(LIMIT).until(() -> run(home, drive, Io.READ, Remote.filled(BLOCK, 0)) == IoStatus.GONE);
            home.call(() -> {
                drive.close();
                return true;
            });
        }
        assertThat(failures).isEmpty();
    }

    private static int run(Home home, RemoteDrive drive, int operation, MemorySegment memory) {
        return begin(home, drive, operation, memory)
                .orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    private static CompletableFuture<Integer> begin(Home home, RemoteDrive drive, int operation, MemorySegment memory) {
        CompletableFuture<Integer> end = new CompletableFuture<>();
        Io io = new Io((_, status) -> end.complete(status));
        io.prepare(operation, 0, memory.byteSize(), false);
        io.data().add(memory, 0, memory.byteSize());
        home.execute(() -> {
            int answer = drive.submit(io);
            if (answer != IoStatus.PENDING) {
                end.complete(answer);
            }
        });
        return end;
    }

    @ParameterizedTest
    @CsvSource({"4096,false,false", "4096,true,true", "65536,true,false"})
    void commandsAllocateNothing(int bytes, boolean writes, boolean digests) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        RemoteOptions options = RemoteOptions.usual().digests(digests, digests);
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES);
                Remote remote = new Remote(options, target.address().getPort())) {
            AtomicLong done = new AtomicLong();
            Load load = new Load(remote.drive(), bytes, writes ? Io.WRITE : Io.READ, done);
            load.run(WARM_UP_COMMANDS);
            double least = Double.MAX_VALUE;
            // The least of some runs: on a machine with much to do the compiler takes its time.
            for (int run = 0; run < RUNS_MAX && least >= BYTES_PER_COMMAND_MAX; run++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                load.run(RUN_COMMANDS);
                double allocated = threads.getCurrentThreadAllocatedBytes() - before;
                least = Math.min(least, allocated / RUN_COMMANDS);
            }
            load.finish();
            System.out.printf(
                    "remote drive, %d bytes, writes %s, digests %s: %.2f bytes a command%n",
                    bytes, writes, digests, least);
            assertThat(least).isLessThan(BYTES_PER_COMMAND_MAX);
        }
    }

    /** So many at a time, each begun again where it ended. */
    private static final class Load {
        private static final int DEPTH = 32;

        private final RemoteDrive drive;
        private final int bytes;
        private final int operation;
        private final AtomicLong done;
        private final List<Io> all = new ArrayList<>();
        private boolean going = true;
        private int outstanding;
        private int next;

        Load(RemoteDrive drive, int bytes, int operation, AtomicLong done) {
            this.drive = drive;
            this.bytes = bytes;
            this.operation = operation;
            this.done = done;
            MemorySegment memory = Arena.ofAuto().allocate((long) DEPTH * bytes, BLOCK);
            for (int i = 0; i < DEPTH; i++) {
                Io io = new Io(this::ended);
                io.data().add(memory, (long) i * bytes, bytes);
                all.add(io);
            }
        }

        private void ended(Io io, int status) {
            requireOk(status);
            outstanding--;
            done.setPlain(done.getPlain() + 1);
            if (going) {
                submit(io);
            }
        }

        private static void requireOk(int status) {
            if (status != IoStatus.OK) {
                throw new AssertionError("status " + status);
            }
        }

        private void submit(Io io) {
            outstanding++;
            next = (next + 1) % (DRIVE_BYTES / bytes);
            io.prepare(operation, (long) next * bytes, bytes, false);
            drive.submit(io);
        }

        void run(long commands) {
            if (outstanding == 0) {
                all.forEach(this::submit);
            }
            long end = done.getPlain() + commands;
            while (done.getPlain() < end) {
                drive.poll(System.nanoTime());
            }
        }

        void finish() {
            going = false;
            while (outstanding > 0) {
                drive.poll(System.nanoTime());
            }
        }
    }
}
