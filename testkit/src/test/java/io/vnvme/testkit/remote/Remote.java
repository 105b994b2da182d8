package io.vnvme.testkit.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.nvmetcp.HostIdentity;
import io.vnvme.drive.nvmetcp.Portal;
import io.vnvme.drive.nvmetcp.RemoteDrive;
import io.vnvme.drive.nvmetcp.RemoteHealth;
import io.vnvme.drive.nvmetcp.RemoteNamespace;
import io.vnvme.drive.nvmetcp.RemoteOptions;
import io.vnvme.testkit.server.ServedTarget;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/** A remote drive that a test drives itself, with a clock that it can put forward. */
final class Remote implements AutoCloseable {
    static final HostIdentity HOST = HostIdentity.of(new UUID(3, 4));
    /** For what should take no time at all. */
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final RemoteHealth health = new RemoteHealth();
    private final RemoteDrive drive;
    private long aheadNs;

    /** A unit of work, and how it has ended. */
    static final class Work {
        private final Io io = new Io((_, ended) -> status = ended);
        private final MemorySegment memory;
        private int status = IoStatus.PENDING;

        Work(MemorySegment memory) {
            this.memory = memory;
        }

        int status() {
            return status;
        }

        boolean ended() {
            return status != IoStatus.PENDING;
        }

        MemorySegment memory() {
            return memory;
        }
    }

    Remote(RemoteOptions options, int... ports) {
        this(namespace(options, ServedTarget.NQN, 1, ports));
    }

    Remote(RemoteNamespace namespace) {
        drive = RemoteDrive.open("remote0", namespace, health, LIMIT);
    }

    static RemoteNamespace namespace(RemoteOptions options, String nqn, int nsid, int... ports) {
        List<Portal> portals = IntStream.of(ports)
                .mapToObj(port -> Portal.resolve("127.0.0.1", port))
                .toList();
        return new RemoteNamespace(nqn, nsid, portals, HOST, options);
    }

    RemoteDrive drive() {
        return drive;
    }

    RemoteHealth health() {
        return health;
    }

    long nowNs() {
        return System.nanoTime() + aheadNs;
    }

    void putForward(Duration by) {
        aheadNs += by.toNanos();
    }

    Work submit(int operation, long offset, MemorySegment memory) {
        return submit(operation, offset, memory, memory.byteSize());
    }

    Work submit(int operation, long offset, MemorySegment memory, long length) {
        Work work = new Work(memory);
        work.io.prepare(operation, offset, length, false);
        if (memory.byteSize() > 0) {
            work.io.data().add(memory, 0, memory.byteSize());
        }
        int answer = drive.submit(work.io);
        if (answer != IoStatus.PENDING) {
            work.status = answer;
        }
        return work;
    }

    void poll() {
        if (drive.poll(nowNs()) == 0) {
            RemoteDrive.pause();
        }
    }

    void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("%s, %s", what, health.paths()).isLessThan(end);
            poll();
        }
    }

    int await(Work work) {
        until("work ends", work::ended);
        return work.status();
    }

    void write(long offset, int bytes, int value) {
        assertThat(await(submit(Io.WRITE, offset, filled(bytes, value)))).isEqualTo(IoStatus.OK);
    }

    /** The bytes there, which must all be the same one. */
    int read(long offset, int bytes) {
        MemorySegment memory = filled(bytes, 0x5a);
        assertThat(await(submit(Io.READ, offset, memory))).isEqualTo(IoStatus.OK);
        byte first = memory.get(ValueLayout.JAVA_BYTE, 0);
        assertThat(memory.mismatch(filled(bytes, first))).isEqualTo(-1);
        return first;
    }

    static MemorySegment filled(int bytes, int value) {
        MemorySegment memory = Arena.ofAuto().allocate(bytes, 512);
        return memory.fill((byte) value);
    }

    @Override
    public void close() {
        drive.close();
    }
}
