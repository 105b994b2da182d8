package io.vnvme.control.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QmpTest {
    @TempDir
    Path folder;

    @Test
    void speaksToQemu() {
        try (FakeQemu _ = new FakeQemu(folder.resolve("qmp"));
                Qmp qmp = Qmp.connect(folder.resolve("qmp"))) {
            assertThat(qmp.version()).hasToString("11.1.0");
            assertThat(qmp.execute("query-name", Map.of())).isEqualTo(Map.of("name", "fake"));
            assertThatThrownBy(() -> qmp.execute("nonsense", Map.of()))
                    .isInstanceOfSatisfying(
                            QmpException.class, e -> assertThat(e.errorClass()).isEqualTo("CommandNotFound"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "QEMU 11.1 monitor - type 'help' for more information\r\n",
                "{\"return\":{}}\n",
                "{\"QMP\":{}}\n",
                "[]\n",
                "{\"QMP\"",
                "\u0000\u0001\n",
                ""
            })
    void whatIsNoMonitorIsCalledThat(String greeting) throws IOException {
        Path path = folder.resolve("other");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path));
            Thread.ofVirtual().start(() -> {
                try (SocketChannel client = server.accept()) {
                    client.write(ByteBuffer.wrap(greeting.getBytes(StandardCharsets.UTF_8)));
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThatThrownBy(() -> Qmp.connect(path))
                    .isInstanceOfSatisfying(
                            ProblemException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.VM_NOT_QMP));
        }
    }

    private static final String BEGIN =
            "{\"QMP\":{\"version\":{\"qemu\":{\"major\":11,\"minor\":1,\"micro\":3}}}}\n{\"return\":{},\"id\":1}\n";

    private static String deleted(String device) {
        return "{\"event\":\"DEVICE_DELETED\",\"data\":{\"device\":\"%s\"}}\n".formatted(device);
    }

    /** A VM that has said all it will say, and holds the connection until {@code held} ends. */
    private Qmp connect(String said, CountDownLatch held) throws IOException {
        Path path = folder.resolve("said");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path));
            Thread.ofVirtual().start(() -> {
                try (SocketChannel client = server.accept()) {
                    client.write(ByteBuffer.wrap(BEGIN.getBytes(StandardCharsets.UTF_8)));
                    client.read(ByteBuffer.allocate(100));
                    ByteBuffer bytes = ByteBuffer.wrap(said.getBytes(StandardCharsets.UTF_8));
                    while (bytes.hasRemaining()) {
                        client.write(bytes);
                    }
                    held.await();
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            return Qmp.connect(path);
        }
    }

    /** A VM can tell of anything, and as often as it likes. */
    @ParameterizedTest
    @CsvSource({"first, false", "other0, false", "other44, true", "other299, true"})
    void deletionsDuringACommandAreKeptAsFarAsThereAreNotTooMany(String device, boolean kept) throws IOException {
        StringBuilder said = new StringBuilder(deleted("first"));
        for (int i = 0; i < 300; i++) {
            said.append(deleted("other" + i)).append("{\"event\":\"RTC_CHANGE\",\"data\":{\"offset\":1}}\n");
        }
        CountDownLatch held = new CountDownLatch(1);
        try (Qmp qmp = connect(said + "{\"return\":{},\"id\":2}\n", held)) {
            qmp.execute("query-name", Map.of());
            assertThat(qmp.awaitDeleted(device, Duration.ZERO, () -> false)).isEqualTo(kept);
        } finally {
            held.countDown();
        }
    }

    @Test
    void theEndIsSeenBehindMoreThanAnybodyTakes() throws IOException, InterruptedException {
        String event = "{\"event\":\"RTC_CHANGE\"}\n";
        try (Qmp qmp = connect(event.repeat(Qmp.MESSAGE_COUNT_MAX), new CountDownLatch(0))) {
            // The end comes while there is no room for it, if it is quick; else this shows less.
            Thread.sleep(200);
            assertThatThrownBy(() -> qmp.execute("query-name", Map.of()))
                    .isInstanceOf(ProblemException.class)
                    .hasMessageContaining("went away");
            assertThat(qmp.awaitEnd(Duration.ofSeconds(30))).isTrue();
            assertThat(qmp.awaitEnd(Duration.ZERO)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense\n", "{\"event\":\"SHUTDOWN\"}\n"})
    void onlyAConnectionThatIsClosedIsAnEnd(String said) throws IOException {
        CountDownLatch held = new CountDownLatch(1);
        try (Qmp qmp = connect(said, held)) {
            assertThat(qmp.awaitEnd(Duration.ofMillis(100))).isFalse();
            held.countDown();
            if (!said.startsWith("nonsense")) {
                assertThat(qmp.awaitEnd(Duration.ofSeconds(30))).isTrue();
            }
        }
    }

    @Test
    @Timeout(30)
    void oneWithAFullLineIsCalledBusy() throws IOException {
        Path path = folder.resolve("held");
        List<SocketChannel> line = new ArrayList<>();
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path), 1);
            for (int i = 0; i < 2; i++) {
                SocketChannel waiting = SocketChannel.open(StandardProtocolFamily.UNIX);
                line.add(waiting);
                waiting.connect(UnixDomainSocketAddress.of(path));
            }
            assertThatThrownBy(() -> Qmp.connect(path))
                    .isInstanceOfSatisfying(
                            ProblemException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.VM_MONITOR_BUSY));
        } finally {
            for (SocketChannel waiting : line) {
                waiting.close();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "10,0,9,false,false,false",
        "10,1,0,true,false,false",
        "11,0,9,true,false,false",
        "11,1,9,true,false,true",
        "11,2,0,true,true,false",
        "12,0,0,true,true,false",
        "9,9,9,false,false,false"
    })
    void versionsAreTrustedAsFarAsTheyDeserve(
            int major, int minor, int micro, boolean vfioUser, boolean unplugs, boolean moves) {
        QemuVersion version = new QemuVersion(major, minor, micro);
        assertThat(version.hasVfioUser()).isEqualTo(vfioUser);
        assertThat(version.unplugsMsix()).isEqualTo(unplugs);
        assertThat(version.movesVnvmes()).isEqualTo(moves);
    }
}
