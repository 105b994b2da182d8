package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many clients, and requests that are too large or no requests. */
@Timeout(120)
class ApiLoadTest {
    private static final int CLIENTS = 500;

    @TempDir
    Path folder;

    private ServedApi api;

    @BeforeEach
    void setUp() {
        api = new ServedApi(folder);
    }

    @AfterEach
    void tearDown() {
        api.close();
    }

    @Test
    void fiveHundredClientsAtOnceAreAllAnswered() throws IOException, InterruptedException, ExecutionException {
        api.ok("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
        List<SocketChannel> open = new ArrayList<>();
        List<Future<Integer>> answers = new ArrayList<>();
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < CLIENTS; i++) {
                open.add(api.connect());
            }
            for (int i = 0; i < CLIENTS; i++) {
                SocketChannel channel = open.get(i);
                String group = "{\"name\":\"g%d\"}".formatted(i);
                boolean creates = i % 10 == 0;
                answers.add(clients.submit(() -> {
                    ServedApi.send(
                            channel,
                            creates ? "POST" : "GET",
                            "/api/v1/groups",
                            "Connection: close\r\n",
                            creates ? group : "");
                    return HttpReply.read(new BufferedInputStream(Channels.newInputStream(channel)))
                            .status();
                }));
            }
            for (int i = 0; i < CLIENTS; i++) {
                assertThat(answers.get(i).get()).isEqualTo(i % 10 == 0 ? 201 : 200);
            }
        } finally {
            for (SocketChannel channel : open) {
                channel.close();
            }
        }
        assertThat(api.ok("GET", "/api/v1/groups", "").split("\"name\"", -1)).hasSize(CLIENTS / 10 + 1);
    }

    private HttpReply raw(String text) throws IOException {
        try (SocketChannel channel = api.connect()) {
            ByteBuffer all = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
            try {
                while (all.hasRemaining()) {
                    channel.write(all);
                }
                channel.shutdownOutput();
            } catch (IOException e) {
                // It need not read to the end what it refuses; the answer is there all the same.
                assertThat(e).hasMessageMatching("(?i).*(broken pipe|reset).*");
            }
            return HttpReply.read(new BufferedInputStream(Channels.newInputStream(channel)));
        }
    }

    @Test
    void whatIsTooLargeIsRefused() throws IOException {
        String large = "x".repeat(70 << 10);
        ServedApi.assertProblem(
                raw("POST /api/v1/groups HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                        .formatted(large.length(), large)),
                413,
                "too-large");
        ServedApi.assertProblem(
                raw("POST /api/v1/groups HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
                        .formatted(large.length(), large)),
                413,
                "too-large");
        HttpReply header =
                raw("GET /api/v1/system HTTP/1.1\r\nHost: x\r\nX-Large: %s\r\n\r\n".formatted("x".repeat(20 << 10)));
        assertThat(header.status()).isIn(400, 413);
        HttpReply line = raw("GET /%s HTTP/1.1\r\nHost: x\r\n\r\n".formatted("x".repeat(5000)));
        assertThat(line.status()).isIn(400, 413);
        assertThat(api.ok("GET", "/api/v1/groups", "")).isEqualTo("[]");
    }

    @Test
    void whatIsNoHttpIsRefused() throws IOException {
        for (String text : List.of(
                "\r\n\r\n",
                "hello\r\n\r\n",
                "GET\r\n\r\n",
                "GET / HTTP/9.9\r\n\r\n",
                "GET /api/v1/system HTTP/1.1\r\n\r\n",
                "GET /api/v1/system HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n",
                "GET /api/v1/system HTTP/1.1\r\nHost: x\r\nX: a\u0000b\r\n\r\n",
                "POST /api/v1/groups HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                "POST /api/v1/groups HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
                "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n")) {
            HttpReply reply = raw(text);
            assertThat(reply.status()).as(text).isIn(400, 404, 505);
            assertThat(reply.body()).as(text).doesNotContain("\tat ", "Exception", "io.helidon");
        }
    }
}
