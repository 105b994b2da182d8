package io.vnvme.testkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.server.Holdings;
import io.vnvme.testkit.server.ServedTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Ten thousand connections that say nothing, or not enough: few of them are kept, none for long, and they are in nobody's way. */
class SilentHostsTest {
    private static final int CROWD = 10_000;
    /** As docs/threat-model.md has it. */
    private static final int KEPT_MAX = 512;
    /** Sockets of hosts that have gone, which may still have something to read. */
    private static final int FAREWELLS = 64;

    private static final long GROWTH_MAX_BYTES = 512L << 20;
    private static final Duration LIMIT = Duration.ofSeconds(60);
    /** Type, flags, length of the header, where data is, length; all else zero: format 0, no digests. */
    private static final byte[] ICREQ = Arrays.copyOf(new byte[] {0, 0, (byte) 128, 0, (byte) 128}, 128);

    /** Nothing; the beginning of a TLS handshake; that of an ICReq; all of one, and no Connect. */
    private static final List<byte[]> OPENINGS =
            List.of(new byte[0], new byte[] {0x16, 3, 1, 2, 0, 1, 0, 1}, Arrays.copyOf(ICREQ, 8), ICREQ);

    @Test
    void areInNobodysWay() throws IOException {
        assumeThat(descriptorsMax()).isGreaterThan(CROWD + 2000);
        try (ServedTarget target = ServedTarget.open(64 << 20);
                TcpHost early = TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual())) {
            HostQueue queue = early.ioQueue(16);
            Holdings before = Holdings.now();
            long residentBefore = resident();
            List<SocketChannel> crowd = new ArrayList<>();
            try {
                for (int i = 0; i < CROWD; i++) {
                    SocketChannel one = SocketChannel.open(target.address());
                    one.write(ByteBuffer.wrap(OPENINGS.get(i % OPENINGS.size())));
                    crowd.add(one);
                    if (i % 1000 == 999) {
                        works(queue);
                        late(target);
                        assertThat(Holdings.now().descriptors() - before.descriptors() - crowd.size())
                                .as("sockets of the target's")
                                .isLessThanOrEqualTo(KEPT_MAX + FAREWELLS);
                    }
                }
                long growth = resident() - residentBefore;
                System.out.printf("%d silent connections: %d MiB%n", CROWD, growth >> 20);
                assertThat(growth).isLessThan(GROWTH_MAX_BYTES);
                await().atMost(LIMIT).until(() -> target.drops().size() == CROWD);
                works(queue);
            } finally {
                for (SocketChannel one : crowd) {
                    one.close();
                }
            }
            before.awaitAgain();
            assertThat(target.refusals()).isEmpty();
            assertThat(target.failures()).isEmpty();
        }
    }

    private static void works(HostQueue queue) {
        queue.read(Command.read(1, 0, 8), 4096).orThrow();
    }

    /** A host that comes in the midst of them. */
    private static void late(ServedTarget target) {
        try (TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual())) {
            works(host.ioQueue(16));
        }
    }

    private static long descriptorsMax() throws IOException {
        return number(Path.of("/proc/self/limits"), "Max open files\\s+(\\d+)");
    }

    /** Memory of this process, in bytes: both ends of all connections. */
    private static long resident() throws IOException {
        return number(Path.of("/proc/self/status"), "VmRSS:\\s+(\\d+) kB") << 10;
    }

    private static long number(Path file, String pattern) throws IOException {
        Matcher found = Pattern.compile(pattern).matcher(Files.readString(file));
        assertThat(found.find()).isTrue();
        return Long.parseLong(found.group(1));
    }
}
