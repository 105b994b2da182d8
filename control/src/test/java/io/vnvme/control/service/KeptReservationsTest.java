package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CloneSnapshot;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.TcpAccess;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.tcp.HostOptions;
import io.vnvme.testkit.tcp.HostQueue;
import io.vnvme.testkit.tcp.TcpHost;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reservations that a host wants to outlive a power loss are found on the pool's drives by the next daemon. */
class KeptReservationsTest {
    private static final int PERSIST = 3 << 30;
    private static final int WRITE_EXCLUSIVE = 1;
    private static final int BLOCK = 512;
    private static final HostOptions HOLDER = HostOptions.usual();
    private static final HostOptions OTHER = HOLDER.named(HOLDER.hostNqn() + "2", new UUID(2, 2));

    @TempDir
    Path folder;

    private InetSocketAddress address = new InetSocketAddress(0);

    private Services services() {
        EngineDataPlane plane = EngineDataPlane.start(ReactorSettings.of(1, Idle.policy()));
        Services services = new Services(
                new ServiceSetup("test", folder, folder, List.of(), Duration.ofMillis(200))
                        .withTcp(List.of(TcpPort.parse("127.0.0.1:0"))),
                plane);
        address = plane.tcpPorts().getFirst().address();
        return services;
    }

    private TcpHost connect(Services services, HostOptions options) {
        return TcpHost.connect(address, services.vnvmes().show("d1").nqn(), options);
    }

    private static void reserve(HostQueue queue) {
        byte[] registration = ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(8, 7)
                .array();
        byte[] key = ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, 7)
                .array();
        queue.execute(Command.of(IoOpcode.RESERVATION_REGISTER).nsid(1).dword(10, PERSIST), registration)
                .orThrow();
        queue.execute(Command.of(IoOpcode.RESERVATION_ACQUIRE).nsid(1).dword(10, WRITE_EXCLUSIVE << 8), key)
                .orThrow();
    }

    private void checkReserved(Services services, boolean reserved) {
        try (TcpHost other = connect(services, OTHER);
                TcpHost holder = connect(services, HOLDER)) {
            int status = other.ioQueue(32)
                            .execute(Command.write(1, 0, 1), new byte[BLOCK])
                            .completion()
                            .status()
                    & 0x7ff;
            assertThat(status).isEqualTo(reserved ? Status.typeAndCode(Status.RESERVATION_CONFLICT) : 0);
            holder.ioQueue(32).execute(Command.write(1, 0, 1), new byte[BLOCK]).orThrow();
        }
    }

    @Test
    void areThereAfterARestartAndNotInWhatIsMadeOfASnapshot() {
        try (Services services = services()) {
            services.drives().claim(ClaimDrive.of(folder.resolve("drive.img").toString(), 256 * MIB, null, false));
            services.vnvmes()
                    .create(new CreateVnvme(
                            "d1",
                            16 * MIB,
                            null,
                            false,
                            true,
                            null,
                            false,
                            "trapped",
                            null,
                            null,
                            false,
                            new TcpAccess(null, List.of(HOLDER.hostNqn(), OTHER.hostNqn()))));
            services.snapshots().take("d1", "before");
            try (TcpHost host = connect(services, HOLDER)) {
                reserve(host.ioQueue(32));
            }
            services.snapshots().take("d1", "while");
        }
        try (Services services = services()) {
            checkReserved(services, true);
            assertThat(services.vnvmes().show("d1").interrupts()).isEqualTo("msi");
            assertThat(services.vnvmes().show("d1").doorbells()).isEqualTo("trapped");
            // Who reserves it is no matter of its content.
            services.snapshots().rollback("d1", "before");
            checkReserved(services, true);
            services.vnvmes().cloneOf(new CloneSnapshot("d1@while", "d2", false));
            services.hosts().allow("d2", OTHER.hostNqn());
            try (TcpHost other =
                    TcpHost.connect(address, services.vnvmes().show("d2").nqn(), OTHER)) {
                other.ioQueue(32)
                        .execute(Command.write(1, 0, 1), new byte[BLOCK])
                        .orThrow();
            }
        }
    }
}
