package io.vnvme.testkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.Cns;
import io.vnvme.nvme.wire.FeatureId;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.server.ServedTarget;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reservations of hosts that want them to outlive a power loss: a command ends when what it changed is kept. */
class KeptReservationsTest {
    private static final int PERSIST = 3 << 30;
    private static final int PERSIST_OFF = 2 << 30;
    private static final int WRITE_EXCLUSIVE = 1;
    private static final int BLOCK = 512;

    private final ServedTarget target = ServedTarget.open(1 << 20);
    // Of the reactor.
    private final List<byte[]> images = new ArrayList<>();
    private final List<Consumer<Boolean>> waiting = new ArrayList<>();
    private boolean holds;
    private boolean fails;

    @BeforeEach
    void keep() {
        target.onReactor(() -> target.namespace()
                .keepReservations(
                        (image, done) -> {
                            images.add(image);
                            if (holds) {
                                waiting.add(done);
                            } else {
                                done.accept(!fails);
                            }
                        },
                        new byte[0]));
    }

    @AfterEach
    void nothingFailed() {
        target.close();
        assertThat(target.failures()).isEmpty();
    }

    private TcpHost host(int id) {
        HostOptions usual = HostOptions.usual();
        return TcpHost.connect(target.address(), ServedTarget.NQN, usual.named(usual.hostNqn() + id, new UUID(id, id)));
    }

    private static int run(HostQueue queue, int opcode, int dword10, long first, long second) {
        byte[] keys = ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(first)
                .putLong(second)
                .array();
        byte[] out = opcode == IoOpcode.RESERVATION_RELEASE ? Arrays.copyOf(keys, 8) : keys;
        return queue.execute(Command.of(opcode).nsid(1).dword(10, dword10), out)
                        .completion()
                        .status()
                & 0x7ff;
    }

    private static ByteBuffer report(HostQueue queue) {
        byte[] page = queue.read(
                        Command.of(IoOpcode.RESERVATION_REPORT)
                                .nsid(1)
                                .dword(10, 1023)
                                .dword(11, 1),
                        4096)
                .orThrow()
                .data();
        return ByteBuffer.wrap(page).order(ByteOrder.LITTLE_ENDIAN);
    }

    private int count() {
        int[] count = new int[1];
        target.onReactor(() -> count[0] = images.size());
        return count[0];
    }

    @Test
    void areKeptWithEachChangeAndFoundByALaterHost() {
        try (TcpHost host = host(1)) {
            HostQueue queue = host.ioQueue(32);
            ByteBuffer identify = ByteBuffer.wrap(host.admin()
                    .read(Command.identify(Cns.NAMESPACE, 1), 4096)
                    .orThrow()
                    .data());
            assertThat(identify.get(31) & 1).as("RESCAP: persist").isOne();
            assertThat(run(queue, IoOpcode.RESERVATION_REGISTER, PERSIST, 0, 7)).isZero();
            assertThat(count()).isOne();
            assertThat(run(queue, IoOpcode.RESERVATION_ACQUIRE, WRITE_EXCLUSIVE << 8, 7, 0))
                    .isZero();
            assertThat(count()).isEqualTo(2);
            assertThat(report(queue).get(9)).as("PTPLS").isOne();
            assertThat(host.admin()
                            .execute(Command.getFeature(FeatureId.RESERVATION_PERSISTENCE)
                                    .nsid(1))
                            .orThrow()
                            .completion()
                            .dword0())
                    .isOne();
        }
        try (TcpHost other = host(2)) {
            HostQueue queue = other.ioQueue(32);
            assertThat(queue.execute(Command.write(1, 0, 1), new byte[BLOCK])
                                    .completion()
                                    .status()
                            & 0x7ff)
                    .isEqualTo(Status.typeAndCode(Status.RESERVATION_CONFLICT));
            ByteBuffer report = report(queue);
            assertThat(report.getShort(5)).as("one registrant").isOne();
            assertThat(report.getShort(64) & 0xffff).as("without a controller").isEqualTo(0xffff);
        }
        try (TcpHost back = host(1);
                TcpHost twice = host(1)) {
            HostQueue queue = back.ioQueue(32);
            ByteBuffer report = report(queue);
            assertThat(report.getShort(5)).as("two controllers of one host").isEqualTo((short) 2);
            assertThat(List.of((int) report.getShort(64), (int) report.getShort(128)))
                    .containsExactlyInAnyOrder(back.controllerId(), twice.controllerId());
            assertThat(run(queue, IoOpcode.RESERVATION_REGISTER, 1 | PERSIST_OFF, 7, 0))
                    .isZero();
            target.onReactor(() -> assertThat(images.getLast()).isEmpty());
        }
    }

    @Test
    void aCommandEndsWhenItIsKeptAndFailsWhenItCannotBe() {
        try (TcpHost host = host(1)) {
            HostQueue queue = host.ioQueue(32);
            target.onReactor(() -> holds = true);
            byte[] keys = ByteBuffer.allocate(16)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(8, 7)
                    .array();
            int register = queue.submit(
                    Command.of(IoOpcode.RESERVATION_REGISTER).nsid(1).dword(10, PERSIST), keys, 0);
            // Others go on meanwhile.
            queue.execute(Command.flush(1)).orThrow();
            target.onReactor(() -> {
                assertThat(waiting).hasSize(1);
                waiting.removeFirst().accept(true);
            });
            queue.await(register).orThrow();
            target.onReactor(() -> {
                holds = false;
                fails = true;
            });
            assertThat(run(queue, IoOpcode.RESERVATION_ACQUIRE, WRITE_EXCLUSIVE << 8, 7, 0))
                    .isEqualTo(Status.typeAndCode(Status.INTERNAL_ERROR));
        }
    }

    @Test
    void whatCouldNotBeKeptIsKeptWhenTheHostTriesAgain() {
        try (TcpHost host = host(1)) {
            HostQueue queue = host.ioQueue(32);
            assertThat(run(queue, IoOpcode.RESERVATION_REGISTER, PERSIST, 0, 7)).isZero();
            target.onReactor(() -> fails = true);
            run(queue, IoOpcode.RESERVATION_ACQUIRE, WRITE_EXCLUSIVE << 8, 7, 0);
            target.onReactor(() -> fails = false);
            int before = count();
            assertThat(run(queue, IoOpcode.RESERVATION_ACQUIRE, WRITE_EXCLUSIVE << 8, 7, 0))
                    .isZero();
            assertThat(count()).isEqualTo(before + 1);
            target.onReactor(() -> assertThat(images.getLast()[1]).as("type").isEqualTo((byte) WRITE_EXCLUSIVE));
        }
    }

    @Test
    void aHostThatLeavesMeanwhileLeavesNothingBehind() {
        try (TcpHost host = host(1)) {
            HostQueue queue = host.ioQueue(32);
            target.onReactor(() -> holds = true);
            queue.submit(Command.of(IoOpcode.RESERVATION_REGISTER).nsid(1).dword(10, PERSIST), new byte[16], 0);
            queue.execute(Command.flush(1)).orThrow();
        }
        target.onReactor(() -> waiting.removeFirst().accept(true));
        try (TcpHost host = host(1)) {
            host.ioQueue(32).execute(Command.flush(1)).orThrow();
        }
    }

    @Test
    void theFeatureForAllNamespacesIsKeptToo() {
        try (TcpHost host = host(1)) {
            HostQueue queue = host.ioQueue(32);
            assertThat(run(queue, IoOpcode.RESERVATION_REGISTER, 0, 0, 7)).isZero();
            int before = count();
            host.admin()
                    .execute(Command.setFeature(FeatureId.RESERVATION_PERSISTENCE, 1)
                            .nsid(-1))
                    .orThrow();
            assertThat(count()).isEqualTo(before + 1);
            target.onReactor(() -> assertThat(images.getLast()).isNotEmpty());
        }
    }
}
