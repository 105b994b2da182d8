package io.vnvme.control.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.avaje.jsonb.Jsonb;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A daemon that was built without the UI's files. */
@Timeout(120)
class WebUiMissingTest {
    @Test
    void saysThatItIsNotThereAndHowToGetIt() throws IOException, InterruptedException {
        HttpRouting.Builder routing = HttpRouting.builder();
        new WebUi("/not-built/").register(routing);
        new Problems(Jsonb.builder().build()).register(routing);
        WebServer server = WebServer.builder()
                .address(InetAddress.getLoopbackAddress())
                .addRouting(routing)
                .shutdownHook(false)
                .build()
                .start();
        try (HttpClient client = HttpClient.newHttpClient()) {
            for (String path : new String[] {"/", "/ui", "/ui/", "/ui/vnvmes"}) {
                URI uri = URI.create("http://localhost:%d%s".formatted(server.port(), path));
                HttpResponse<String> response =
                        client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
                assertThat(response.statusCode()).isEqualTo(404);
                assertThat(response.body()).contains("ui-missing", "npm run build");
            }
        } finally {
            server.stop();
        }
    }
}
