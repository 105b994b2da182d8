package io.vnvme.control.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that take their time, of a server that gives them little. */
@Timeout(120)
class ConnectionsTest {
    private static final Duration WAIT = Duration.ofMillis(300);

    private final Connections connections = new Connections(false, WAIT);
    private final CountDownLatch cutOff = new CountDownLatch(1);
    private WebServer server;

    @BeforeEach
    void setUp() {
        HttpRouting.Builder routing = HttpRouting.builder();
        routing.addFilter(new WholeRequests());
        routing.post("/", (_, response) -> response.send("done"));
        routing.get("/slow", (_, response) -> {
            Thread.sleep(WAIT.multipliedBy(4));
            response.send("done");
        });
        server = WebServer.builder()
                .address(InetAddress.getLoopbackAddress())
                .addRouting(routing)
                .protocolsDiscoverServices(false)
                .addConnectionSelector(connections)
                .shutdownHook(false)
                .build()
                .start();
    }

    @AfterEach
    void tearDown() {
        server.stop();
        connections.close();
    }

    private Socket connect() throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), server.port());
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Sends a byte now and then, until the other end has had enough. */
    private void drip(OutputStream out) {
        try {
            while (cutOff.getCount() > 0) {
                out.write('x');
                Thread.sleep(20);
            }
        } catch (IOException e) {
            cutOff.countDown();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether the connection ended without an answer. */
    private static boolean ended(InputStream in) throws IOException {
        try {
            return in.read() < 0;
        } catch (SocketException e) {
            return true;
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "POST / HTT",
                "POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"
            })
    void aRequestByDropsIsCutOff(String begin) throws IOException, InterruptedException {
        try (Socket socket = connect()) {
            send(socket, begin);
            Thread dripping = Thread.startVirtualThread(() -> {
                try {
                    drip(socket.getOutputStream());
                } catch (IOException e) {
                    cutOff.countDown();
                }
            });
            assertThat(ended(socket.getInputStream())).isTrue();
            cutOff.countDown();
            dripping.join();
        }
    }

    @Test
    void aClientThatSaysNothingIsCutOff() throws IOException {
        try (Socket socket = connect()) {
            assertThat(ended(socket.getInputStream())).isTrue();
        }
    }

    @Test
    void anAnswerMayTakeItsTime() throws IOException {
        try (Socket socket = connect()) {
            send(socket, "GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertThat(answer).startsWith("HTTP/1.1 200").endsWith("done");
        }
    }
}
