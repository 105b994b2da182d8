package io.vnvme.testkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.frontend.tcp.ListeningPort;
import io.vnvme.nvme.AnaState;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.AsyncEvent;
import io.vnvme.nvme.wire.Cns;
import io.vnvme.nvme.wire.FeatureId;
import io.vnvme.nvme.wire.LogPageId;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.DriverException;
import io.vnvme.testkit.server.ServedTarget;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Several ways to one namespace: their states, what hosts hear of them, and who may have them together. */
class PathsTest {
    private static final int BLOCK = 512;
    private static final int ANA_NOTICES = 1 << 11;
    private static final int LOG_BYTES = 52;

    private final ServedTarget target = ServedTarget.open(1 << 20);
    private final ListeningPort other = target.anotherPort();

    @AfterEach
    void nothingFailed() {
        target.close();
        assertThat(target.failures()).isEmpty();
    }

    private static TcpHost connect(ListeningPort port, HostOptions options) {
        return TcpHost.connect(port.address(), ServedTarget.NQN, options);
    }

    private static ByteBuffer log(TcpHost host) {
        byte[] log = host.admin()
                .read(Command.logPage(LogPageId.ANA, LOG_BYTES), LOG_BYTES)
                .orThrow()
                .data();
        return ByteBuffer.wrap(log).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int status(HostQueue queue, Command command, byte[] out) {
        return queue.execute(command, out).completion().status() & 0x7ff;
    }

    @ParameterizedTest
    @EnumSource(AnaState.class)
    void stateOfOnePathDecidesThereAlone(AnaState state) {
        HostOptions usual = HostOptions.usual();
        byte[] data = new byte[BLOCK];
        Arrays.fill(data, (byte) 7);
        try (TcpHost here = connect(target.port(), usual);
                TcpHost there = connect(other, usual)) {
            HostQueue one = here.ioQueue(32);
            HostQueue two = there.ioQueue(32);
            here.admin()
                    .execute(Command.setFeature(FeatureId.ASYNC_EVENT_CONFIG, ANA_NOTICES))
                    .orThrow();
            int event = here.admin().submit(Command.of(AdminOpcode.ASYNC_EVENT_REQUEST), new byte[0], 0);
            AnaState before = state == AnaState.OPTIMIZED ? AnaState.NON_OPTIMIZED : AnaState.OPTIMIZED;
            if (state == AnaState.OPTIMIZED) {
                target.path(target.port(), 1, before);
                assertThat(here.admin().await(event).orThrow().completion().dword0())
                        .isEqualTo(AsyncEvent.ANA_CHANGED);
                log(here);
                event = here.admin().submit(Command.of(AdminOpcode.ASYNC_EVENT_REQUEST), new byte[0], 0);
            }
            long changes = log(here).getLong(0);

            target.path(target.port(), 1, state);

            assertThat(here.admin().await(event).orThrow().completion().dword0())
                    .isEqualTo(AsyncEvent.ANA_CHANGED);
            ByteBuffer log = log(here);
            assertThat(log.getLong(0)).isEqualTo(changes + 1);
            assertThat(log.getShort(8)).as("groups").isEqualTo((short) 1);
            assertThat(log.getInt(16)).as("group").isOne();
            assertThat(log.getInt(20)).as("namespaces").isOne();
            assertThat(log.get(32)).isEqualTo((byte) state.code());
            assertThat(log.getInt(48)).as("namespace").isOne();
            int expected = switch (state) {
                case OPTIMIZED, NON_OPTIMIZED -> Status.SUCCESS;
                case INACCESSIBLE -> Status.ANA_INACCESSIBLE;
                case PERSISTENT_LOSS -> Status.ANA_PERSISTENT_LOSS;
                case CHANGE -> Status.ANA_TRANSITION;
            };
            assertThat(status(one, Command.write(1, 0, 1), data)).isEqualTo(expected);
            assertThat(status(one, Command.flush(1), new byte[0])).isEqualTo(expected);
            assertThat(status(one, Command.flush(-1), new byte[0])).isEqualTo(expected);
            assertThat(log(there).get(32)).isEqualTo((byte) AnaState.OPTIMIZED.code());
            two.execute(Command.write(1, 0, 1), data).orThrow();
            // Who comes now finds the state that there is.
            try (TcpHost late = connect(target.port(), usual)) {
                assertThat(log(late).get(32)).isEqualTo((byte) state.code());
            }
        }
    }

    @Test
    void identifySaysThatThereMayBeOtherPaths() {
        target.path(other, 9, AnaState.NON_OPTIMIZED);
        try (TcpHost host = connect(other, HostOptions.usual())) {
            ByteBuffer identify = host.identify();
            assertThat(identify.get(76) & 0xf)
                    .as("CMIC: several controllers, ANA")
                    .isEqualTo(0b1010);
            assertThat(identify.getInt(92) & ANA_NOTICES).as("OAES").isNotZero();
            assertThat(identify.get(343) & 0x1f).as("ANACAP").isEqualTo(0x1f);
            assertThat(identify.getInt(344)).as("ANAGRPMAX").isGreaterThanOrEqualTo(9);
            ByteBuffer namespace = ByteBuffer.wrap(host.admin()
                            .read(Command.identify(Cns.NAMESPACE, 1), 4096)
                            .orThrow()
                            .data())
                    .order(ByteOrder.LITTLE_ENDIAN);
            assertThat(namespace.get(30) & 1).as("NMIC: shared").isOne();
            assertThat(namespace.getInt(92)).as("ANAGRPID").isEqualTo(9);
        }
    }

    @Test
    void anotherGroupIsToldAsAnotherNamespaceToo() {
        try (TcpHost host = connect(other, HostOptions.usual())) {
            host.admin()
                    .execute(Command.setFeature(FeatureId.ASYNC_EVENT_CONFIG, ANA_NOTICES | 1 << 8))
                    .orThrow();
            int first = host.admin().submit(Command.of(AdminOpcode.ASYNC_EVENT_REQUEST), new byte[0], 0);
            int second = host.admin().submit(Command.of(AdminOpcode.ASYNC_EVENT_REQUEST), new byte[0], 0);

            target.path(other, 3, AnaState.OPTIMIZED);

            assertThat(host.admin().await(first).orThrow().completion().dword0())
                    .isEqualTo(AsyncEvent.NAMESPACE_CHANGED);
            host.admin()
                    .read(Command.logPage(LogPageId.CHANGED_NAMESPACES, 4096), 4096)
                    .orThrow();
            assertThat(host.admin().await(second).orThrow().completion().dword0())
                    .isEqualTo(AsyncEvent.ANA_CHANGED);
            assertThat(log(host).getInt(16)).isEqualTo(3);
        }
    }

    @Test
    void hostWithoutTheNoticeHearsNothing() {
        try (TcpHost host = connect(other, HostOptions.usual())) {
            int event = host.admin().submit(Command.of(AdminOpcode.ASYNC_EVENT_REQUEST), new byte[0], 0);
            target.path(other, 1, AnaState.INACCESSIBLE);
            host.admin()
                    .execute(Command.setFeature(FeatureId.ASYNC_EVENT_CONFIG, 1 << 8))
                    .orThrow();
            target.onReactor(() ->
                    target.namespace().controllers().forEach(c -> c.namespaces().changed(1)));
            assertThat(host.admin().await(event).orThrow().completion().dword0())
                    .isEqualTo(AsyncEvent.NAMESPACE_CHANGED);
        }
    }

    /** Reservations know a host by its identifier: a copied machine must not pass for the one it was copied from. */
    @Test
    void hostWithAnothersIdentifierIsRefused() {
        HostOptions first = HostOptions.usual();
        try (TcpHost host = connect(other, first)) {
            HostOptions copy = first.named("nqn.2014-08.org.nvmexpress:uuid:copy", first.hostId());
            assertThatThrownBy(() -> connect(target.port(), copy)).isInstanceOf(DriverException.class);
            HostOptions renewed = first.named(first.hostNqn(), new UUID(9, 9));
            assertThatThrownBy(() -> connect(target.port(), renewed)).isInstanceOf(DriverException.class);
            assertThat(target.refusals()).hasSize(2).allMatch(r -> r.contains("copied machine"));
            host.ioQueue(32).execute(Command.flush(1)).orThrow();
        }
    }
}
