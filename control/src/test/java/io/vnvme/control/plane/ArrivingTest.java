package io.vnvme.control.plane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.ProblemException;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.tcp.HostOptions;
import io.vnvme.testkit.tcp.HostQueue;
import io.vnvme.testkit.tcp.TcpHost;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The end that a VM comes to: the host that it comes from writes the volume while the VM's device is there already. */
@Timeout(120)
final class ArrivingTest {
    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final long BYTES = 2 << 20;
    private static final int PERSIST = 3 << 30;
    private static final int WRITE_EXCLUSIVE = 1;
    private static final HostOptions HOLDER = HostOptions.usual();

    @TempDir
    Path folder;

    private Mirrored hosts() {
        return new Mirrored(folder, BYTES, BYTES);
    }

    private static SocketDevice device(Path socket) {
        return SocketDevice.open(socket, RamLayout.single(4 << 20), 1);
    }

    private static void freeze(VolumeMirror mirror) {
        await().atMost(LIMIT).until(() -> mirror.ready() && mirror.freeze(Duration.ofSeconds(2)));
    }

    /** What a guest can tell a drive by: of Identify Controller and Identify Namespace. */
    private static List<String> identity(SocketDevice device) {
        NvmeDriver driver = NvmeDriver.start(device);
        try (Buffer page = device.ram().allocate(4096)) {
            driver.admin(Command.identify(1, 0), page).orThrow();
            byte cmic = page.segment().get(ValueLayout.JAVA_BYTE, 76);
            byte[] names = page.segment().asSlice(4, 60).toArray(ValueLayout.JAVA_BYTE);
            driver.admin(Command.identify(0, 1), page).orThrow();
            // But for how much of it is used.
            byte[] namespace = page.segment().asSlice(24, 104).toArray(ValueLayout.JAVA_BYTE);
            driver.disable();
            return List.of(
                    "CMIC " + cmic,
                    HexFormat.of().formatHex(names),
                    HexFormat.of().formatHex(namespace));
        }
    }

    @Test
    void theVmsDeviceIsThereBesideTheHostThatItComesFrom() {
        try (Mirrored hosts = hosts()) {
            hosts.target.arriving(true);
            List<String> before;
            try (SocketDevice device = device(hosts.nearSocket())) {
                before = identity(device);
            }
            assertThat(before.getFirst()).isEqualTo("CMIC 0");
            try (VolumeMirror mirror = hosts.source.mirror(hosts.there());
                    SocketDevice device = device(hosts.farSocket())) {
                assertThat(identity(device)).isEqualTo(before);
                freeze(mirror);
            }
            try (SocketDevice device = device(hosts.farSocket())) {
                assertThat(identity(device)).isEqualTo(before);
                try (VolumeMirror mirror = hosts.source.mirror(hosts.there())) {
                    freeze(mirror);
                    hosts.target.hosts(Set.of());
                    assertThat(hosts.target.connectedHosts()).isEmpty();
                }
                hosts.target.hosts(Set.of(hosts.near.hostNqn()));
                hosts.target.arriving(false);
                assertThatThrownBy(() -> hosts.source.mirror(hosts.there()))
                        .isInstanceOf(ProblemException.class)
                        .hasMessageContaining("%s", hosts.address);
                assertThat(identity(device)).isEqualTo(before);
            }
        }
    }

    private static void reserve(HostQueue queue, boolean lasts) {
        queue.execute(
                        Command.of(IoOpcode.RESERVATION_REGISTER).nsid(1).dword(10, lasts ? PERSIST : 0),
                        ByteBuffer.allocate(16)
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .putLong(8, 7)
                                .array())
                .orThrow();
        queue.execute(
                        Command.of(IoOpcode.RESERVATION_ACQUIRE).nsid(1).dword(10, WRITE_EXCLUSIVE << 8),
                        ByteBuffer.allocate(16)
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .putLong(0, 7)
                                .array())
                .orThrow();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsReservedIsReservedThere(boolean lasts) {
        try (Mirrored hosts = hosts();
                SocketDevice vm = device(hosts.farSocket())) {
            assertThat(vm.ram()).isNotNull();
            hosts.target.arriving(true);
            hosts.source.hosts(Set.of(HOLDER.hostNqn()));
            InetSocketAddress port = TcpPort.address(Mirrored.listen(hosts.near));
            byte[] handed;
            try (TcpHost host = TcpHost.connect(port, Mirrored.NQN, HOLDER)) {
                reserve(host.ioQueue(32), lasts);
                try (VolumeMirror mirror = hosts.source.mirror(hosts.there())) {
                    freeze(mirror);
                    handed = mirror.reservations();
                }
            }
            // What a power loss ends would end with the last controller: the VM's has come, and the host that copied
            // has gone.
            hosts.target.hosts(Set.of());
            hosts.target.reservations(handed);
            byte[] kept = hosts.farPool.home().call(() -> hosts.farPool.reservations(Mirrored.NAME));
            assertThat(kept.length > 0).isEqualTo(lasts);
            assertThat(kept).isEqualTo(hosts.nearPool.home().call(() -> hosts.nearPool.reservations(Mirrored.NAME)));
            hosts.target.hosts(Set.of(HOLDER.hostNqn(), HOLDER.hostNqn() + "2"));
            InetSocketAddress there = TcpPort.address(hosts.address);
            try (TcpHost other =
                            TcpHost.connect(there, Mirrored.NQN, HOLDER.named(HOLDER.hostNqn() + "2", new UUID(2, 2)));
                    TcpHost holder = TcpHost.connect(there, Mirrored.NQN, HOLDER)) {
                int status = other.ioQueue(32)
                                .execute(Command.write(1, 0, 1), new byte[512])
                                .completion()
                                .status()
                        & 0x7ff;
                assertThat(status).isEqualTo(Status.typeAndCode(Status.RESERVATION_CONFLICT));
                holder.ioQueue(32)
                        .execute(Command.write(1, 0, 1), new byte[512])
                        .orThrow();
            }
        }
    }

    @Test
    void whatIsNoReservationChangesNothing() {
        try (Mirrored hosts = hosts()) {
            assertThatThrownBy(() -> hosts.target.reservations(new byte[] {1, 9}))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> hosts.target.reservations(new byte[0]))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
