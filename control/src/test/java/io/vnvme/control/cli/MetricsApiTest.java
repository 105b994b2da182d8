package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Metrics as a Prometheus gets them: on the Unix socket, and over TLS with a token. */
class MetricsApiTest {
    @TempDir
    Path folder;

    @Test
    void whoMayLookGetsThem() throws Exception {
        try (ServedApi api = new ServedApi(folder, true);
                TlsClient client = new TlsClient(api)) {
            api.ok("POST", "/api/v1/drives", "{\"spec\":\"ram0\"}");
            api.ok("POST", "/api/v1/vnvmes", "{\"name\":\"d1\",\"sizeBytes\":1048576}");
            assertThat(api.ok("GET", "/metrics", ""))
                    .contains("vnvme_size_bytes{vnvme=\"d1\"} 1048576.0")
                    .contains("vnvme_pool_layers{kind=\"volume\",pool=\"pool0\"} 1.0")
                    .contains("vnvme_reactor_operations_total{operation=\"other\",reactor=\"fake\"} 3.0");

            HttpResponse<String> reply = client.as(client.token("prometheus", "viewer"), "GET", "/metrics", "");
            assertThat(reply.statusCode()).isEqualTo(200);
            assertThat(TlsClient.header(reply, "Content-Type"))
                    .hasValueSatisfying(
                            type -> assertThat(type).startsWith("text/plain").contains("version=0.0.4"));
            assertThat(client.send("GET", "/metrics", "").statusCode()).isEqualTo(401);
        }
    }

    @Test
    void requestsAreCountedByRoute() throws Exception {
        try (ServedApi api = new ServedApi(folder)) {
            api.request("GET", "/api/v1/vnvmes/none", "");
            api.request("GET", "/api/v1/vnvmes/none-either", "");
            api.request("GET", "/nothing/like/this", "");
            api.request("GET", "/api/v1/vnvmes", "");
            // An answer is counted once it is sent, a moment after the client may have it.
            Awaitility.await()
                    .untilAsserted(() -> assertThat(api.ok("GET", "/metrics", ""))
                            .contains(line("/api/v1/vnvmes/{name}", 404, 2))
                            .contains(line("none", 404, 1))
                            .contains(line("/api/v1/vnvmes", 200, 1)));
        }
    }

    private static String line(String route, int status, int count) {
        return "vnvme_api_requests_total{method=\"GET\",route=\"%s\",status=\"%d\"} %d.0"
                .formatted(route, status, count);
    }
}
