package io.vnvme.testkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.DriverException;
import io.vnvme.testkit.server.ServedTarget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The network breaks behind each PDU in turn: what was acknowledged is there, and what was not is there or is not. */
class NetworkCutTest {
    private static final int BLOCK = 512;
    private static final int PLACES = 8;
    private static final int DEPTH = 4;
    private static final int WRITES = 40;

    /** A write that was sent: where, and which value. */
    private record Write(int cid, int place, int value) {}

    @ParameterizedTest
    @ValueSource(ints = {1, 100})
    void nothingAcknowledgedIsLost(int blocks) throws IOException {
        try (ServedTarget target = ServedTarget.open(16 << 20)) {
            int[] acknowledged = new int[PLACES];
            int value = 1;
            boolean through = false;
            for (int pdus = 0; !through; pdus++) {
                int[] unsure = new int[PLACES];
                try (CuttingProxy proxy = new CuttingProxy(target.address(), pdus)) {
                    value = load(proxy, blocks, value, acknowledged, unsure);
                    through = !proxy.cut();
                }
                // What was on its way may be carried out until the target has noticed.
                await().atMost(Duration.ofSeconds(20))
                        .pollInterval(Duration.ofMillis(1))
                        .until(() -> target.target().connected().isEmpty());
                verify(target, blocks, acknowledged, unsure);
            }
            assertThat(target.failures()).isEmpty();
        }
    }

    /** Writes until all is written or the network is gone. @return the next value */
    private static int load(CuttingProxy proxy, int blocks, int firstValue, int[] acknowledged, int[] unsure) {
        int value = firstValue;
        Deque<Write> sent = new ArrayDeque<>();
        // Data in capsules, and data that is asked for.
        HostOptions options = HostOptions.usual().sending(blocks == 1 ? 4096 : 0, 16 << 10);
        try (TcpHost host = TcpHost.connect(proxy.address(), ServedTarget.NQN, options)) {
            HostQueue queue = host.ioQueue(16);
            for (int i = 0; i < WRITES + DEPTH; i++) {
                if (sent.size() == DEPTH || i >= WRITES) {
                    Write oldest = sent.getFirst();
                    queue.await(oldest.cid()).orThrow();
                    sent.removeFirst();
                    acknowledged[oldest.place()] = oldest.value();
                    unsure[oldest.place()] = 0;
                }
                if (i < WRITES) {
                    // Never two at one place: NVMe orders nothing between commands in flight.
                    int place = i % PLACES;
                    unsure[place] = value;
                    byte[] data = new byte[blocks * BLOCK];
                    Arrays.fill(data, (byte) value);
                    int cid = queue.submit(Command.write(1, (long) place * blocks, blocks), data, 0);
                    sent.add(new Write(cid, place, value));
                    value++;
                }
            }
        } catch (UncheckedIOException | DriverException e) {
            assertThat(proxy.cut()).as("only the network broke: %s", e).isTrue();
        }
        return value;
    }

    private static void verify(ServedTarget target, int blocks, int[] acknowledged, int[] unsure) {
        try (TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual())) {
            HostQueue queue = host.ioQueue(16);
            for (int place = 0; place < PLACES; place++) {
                byte[] data = queue.read(Command.read(1, (long) place * blocks, blocks), blocks * BLOCK)
                        .orThrow()
                        .data();
                for (int block = 0; block < blocks; block++) {
                    assertThat(data[block * BLOCK]).isIn((byte) acknowledged[place], (byte) unsure[place]);
                }
                if (unsure[place] != 0) {
                    // Whichever it is, from now on it is known.
                    acknowledged[place] = data[0];
                    Arrays.fill(data, data[0]);
                    queue.execute(Command.write(1, (long) place * blocks, blocks), data)
                            .orThrow();
                }
            }
        }
    }
}
