package io.vnvme.control.plane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.service.CheckedClient;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A volume is the same at another host whenever it is frozen, and whoever uses it notices nothing of that. */
@Timeout(120)
final class EngineMirrorTest {
    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final Duration FREEZE = Duration.ofSeconds(2);
    private static final long BYTES = CheckedClient.VOLUME_BYTES + 4096;

    @TempDir
    Path folder;

    private Mirrored hosts() {
        return new Mirrored(folder, BYTES, BYTES);
    }

    private static void works(CheckedClient client) {
        long seen = client.completed();
        await().atMost(LIMIT).pollInterval(Duration.ofMillis(1)).until(() -> client.completed() > seen + 100);
    }

    private static void freeze(VolumeMirror mirror) {
        await().atMost(LIMIT).until(() -> {
            assertThat(mirror.failure()).isEmpty();
            return mirror.ready() && mirror.freeze(FREEZE);
        });
    }

    private static void assertSame(Mirrored hosts) {
        assertThat(Mirrored.content(hosts.farPool)).isEqualTo(Mirrored.content(hosts.nearPool));
    }

    @Test
    void isTheSameThereWheneverItIsFrozen() {
        try (Mirrored hosts = hosts();
                CheckedClient client = CheckedClient.open(hosts.nearSocket())) {
            works(client);
            try (VolumeMirror mirror = hosts.source.mirror(hosts.there())) {
                for (int round = 0; round < 4; round++) {
                    works(client);
                    hosts.near.movePool(hosts.nearPool, "reactor-" + round % 2);
                    freeze(mirror);
                    assertSame(hosts);
                    long then = client.completed();
                    assertSame(hosts);
                    assertThat(client.completed()).as("who uses it waits").isLessThan(then + 9);
                    assertThat(mirror.attributes()).isEqualTo(hosts.nearPool.attributes(Mirrored.NAME));
                    mirror.thaw();
                    works(client);
                    assertThat(mirror.failure()).isEmpty();
                }
                assertThat(mirror.state().copiedBytes()).isPositive();
                freeze(mirror);
                assertSame(hosts);
            }
            // Closed while it is frozen: it goes on here, and not there.
            byte[] there = Mirrored.content(hosts.farPool);
            works(client);
            assertThat(Mirrored.content(hosts.farPool)).isEqualTo(there);
        }
    }
}
