package io.vnvme.control.plane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.Qos;
import io.vnvme.control.plane.DataPlane.Connection;
import io.vnvme.control.plane.DataPlane.Export;
import io.vnvme.control.store.Access;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.server.Idle;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A controller that is parked shows vNVMes of pools of another reactor than the one it began at. */
@Timeout(60)
final class ParkedControllerTest {
    private static final long VOLUME_BYTES = 4 << 20;

    @TempDir
    Path folder;

    private final EngineDataPlane plane = EngineDataPlane.start(ReactorSettings.of(2, Idle.policy()));

    @AfterEach
    void close() {
        plane.close();
    }

    private OpenPool pool(String name, DriveSource source) {
        return EnginePools.create(plane, name, source);
    }

    private Export export(OpenPool pool, String name) {
        UUID id = UUID.randomUUID();
        pool.create(new VolumeSpec(name, id, VOLUME_BYTES, 512, false, false, Instant.EPOCH, new byte[0]), null);
        VnvmeRecord record = new VnvmeRecord(
                name,
                id.toString(),
                "%032x".formatted(1),
                "%016x".formatted(1),
                "nqn.2026-01.io.vnvme:" + name,
                "%20s".formatted(name),
                1,
                512,
                pool.name(),
                VOLUME_BYTES,
                false,
                false,
                false,
                null,
                false,
                null,
                Instant.EPOCH.toString(),
                Qos.NONE,
                List.of(),
                Access.USUAL,
                null);
        return plane.export(record, pool, folder.resolve(name));
    }

    private List<List<String>> pools() {
        return plane.reactors().stream().map(r -> r.pools()).toList();
    }

    @Test
    void aControllerGoesWhereTheVnvmeIsThatItShows() {
        OpenPool one = pool("one", DriveSource.ram(64 << 20));
        OpenPool two = pool("two", DriveSource.file(folder.resolve("drive.img"), 64 << 20));
        assertThat(pools()).containsExactly(List.of("one"), List.of("two"));
        Export a = export(one, "a");
        export(two, "b");
        try (SocketDevice device = SocketDevice.open(folder.resolve("a"), RamLayout.single(4 << 20), 2)) {
            QueuePair pair = NvmeDriver.start(device).createPair(1, 64, 1);
            Buffer data = device.ram().allocate(4096);
            Connection connection = a.connections().getFirst();
            for (int i = 0; i < 10; i++) {
                stamped(pair, data, 100 + i);
                hide(connection, "a");
                assertThat(pair.execute(write(data)).status()).isNotZero();
                connection.show("b");
                assertThat(connection.shown()).containsExactly("b");
                stamped(pair, data, 200 + i);
                if (i == 5) {
                    // It goes with the pool that it shows, not with that of its socket.
                    plane.movePool(one, "reactor-1");
                    plane.movePool(two, "reactor-0");
                    stamped(pair, data, 300);
                }
                hide(connection, "b");
                connection.show("a");
            }
            hide(connection, "a");
            plane.movePool(one, "reactor-0");
            connection.show("b");
            stamped(pair, data, 400);
            a.close();
            await().until(() -> a.connections().isEmpty());
        }
        assertThat(pools()).containsExactly(List.of("one", "two"), List.of());
    }

    private static void hide(Connection connection, String name) {
        connection.hide(name);
        EngineConnection engine = (EngineConnection) connection;
        await().pollInterval(Duration.ofMillis(1)).until(engine::quiescent);
    }

    private static Command write(Buffer data) {
        return Command.write(1, 0, 8).data(Prp.of(data));
    }

    /** Writes a number and reads it back. */
    private static void stamped(QueuePair pair, Buffer data, long stamp) {
        data.segment().set(ValueLayout.JAVA_LONG, 0, stamp);
        pair.execute(write(data)).orThrow();
        data.segment().set(ValueLayout.JAVA_LONG, 0, 0);
        pair.execute(Command.read(1, 0, 8).data(Prp.of(data))).orThrow();
        assertThat(data.segment().get(ValueLayout.JAVA_LONG, 0)).isEqualTo(stamp);
    }
}
