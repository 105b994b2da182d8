package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.vnvme.control.trace.Traces;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a collector of OpenTelemetry is told of requests and jobs. */
@Timeout(60)
class TracesApiTest {
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final int OK = 200;
    private static final int UNAVAILABLE = 503;

    @TempDir
    Path folder;

    private final List<String> told = new CopyOnWriteArrayList<>();
    private volatile int answer = OK;
    private HttpServer collector;

    @BeforeEach
    void startCollector() throws IOException {
        collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", exchange -> {
            told.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.ISO_8859_1));
            exchange.sendResponseHeaders(answer, -1);
            exchange.close();
        });
        collector.start();
    }

    @AfterEach
    void stopCollector() {
        collector.stop(0);
    }

    private URI address() {
        return URI.create("http://127.0.0.1:%d".formatted(collector.getAddress().getPort()));
    }

    private static int count(String text, String part) {
        return (int)
                Pattern.compile(part, Pattern.LITERAL).matcher(text).results().count();
    }

    @Test
    void requestsAndTheirJobsAreOfOneTrace() throws IOException {
        try (ServedApi api = new ServedApi(folder, Traces.to(address(), "test"))) {
            api.ok("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
            api.ok("POST", "/api/v1/vnvmes", "{\"name\":\"d1\",\"sizeBytes\":1048576}");
            try (SocketChannel channel = api.connect()) {
                String parent = "traceparent: 00-%s-b7ad6b7169203331-01\r\nConnection: close\r\n".formatted(TRACE);
                ServedApi.send(channel, "POST", "/api/v1/pools/pool0/scrub", parent, "");
                HttpReply reply = HttpReply.read(new BufferedInputStream(Channels.newInputStream(channel)));
                assertThat(reply.status()).as(reply.body()).isLessThan(300);
            }
            api.ok("GET", "/api/v1/vnvmes/d1", "");
        }
        String all = String.join("", told);
        assertThat(all)
                .contains("vnvme.job.subject", "job scrub", "POST /api/v1/drives", "GET /api/v1/vnvmes/{name}")
                .doesNotContain("GET /api/v1/vnvmes/d1");
        // The span of the request, and of the job that it began.
        String id = new String(HexFormat.of().parseHex(TRACE), StandardCharsets.ISO_8859_1);
        assertThat(count(all, id)).isEqualTo(2);
    }

    @Test
    void aCollectorThatTakesNothingHoldsNobodyUp() throws IOException {
        answer = UNAVAILABLE;
        try (ServedApi api = new ServedApi(folder, Traces.to(address(), "test"))) {
            api.ok("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
            assertThat(api.ok("GET", "/api/v1/drives", "")).contains("ram0");
        }
        assertThat(String.join("", told)).contains("POST /api/v1/drives");
    }

    @Test
    void nobodyIsToldUnlessOneIsNamed() throws IOException {
        try (ServedApi api = new ServedApi(folder)) {
            api.ok("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
        }
        assertThat(String.join("", told)).isEmpty();
    }
}
