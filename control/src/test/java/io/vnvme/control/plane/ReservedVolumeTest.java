package io.vnvme.control.plane;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.server.Idle;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Reservations of a volume that gets another name at the same time, as the copy does that has become the volume. */
@Timeout(60)
final class ReservedVolumeTest {
    private static final long VOLUME_BYTES = 4 << 20;
    private static final int CHANGES = 200;

    @TempDir
    Path folder;

    private final EngineDataPlane plane = EngineDataPlane.start(ReactorSettings.of(1, Idle.policy()));

    @AfterEach
    void close() {
        plane.close();
    }

    private static VolumeSpec spec(String name, UUID id) {
        return new VolumeSpec(name, id, VOLUME_BYTES, 512, false, false, Instant.EPOCH, new byte[0]);
    }

    @Test
    void areKeptWhateverItIsCalled() throws InterruptedException {
        EnginePool pool =
                (EnginePool) EnginePools.create(plane, "p", DriveSource.file(folder.resolve("drive.img"), 64 << 20));
        UUID id = UUID.randomUUID();
        pool.create(spec("~d", id), null);
        pool.create(spec("other", UUID.randomUUID()), null);
        KeptReservations reservations = new KeptReservations("d", id, pool);
        Thread renaming = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < CHANGES; i++) {
                pool.rename(i % 2 == 0 ? "~d" : "d", i % 2 == 0 ? "d" : "~d");
            }
        });
        // Each operation waits for those before it, so that the name is another one when the turn comes.
        Thread busy = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < CHANGES; i++) {
                pool.setAttributes("other", new byte[] {1, (byte) (i & 1)});
            }
        });
        for (int i = 0; i < CHANGES; i++) {
            byte[] image = {(byte) i};
            CompletableFuture<Boolean> kept = new CompletableFuture<>();
            pool.home().execute(() -> reservations.keep(image, kept::complete));
            assertThat(kept.join()).as("kept at change %d", i).isTrue();
        }
        for (Thread thread : List.of(renaming, busy)) {
            thread.join();
        }
        assertThat(pool.home().call(() -> pool.reservations("~d"))).containsExactly((byte) (CHANGES - 1));
    }
}
