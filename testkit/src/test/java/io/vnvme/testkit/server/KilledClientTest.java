package io.vnvme.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Client processes killed with -9 under load: all they had is given back, and the other guest goes on. */
final class KilledClientTest {
    private static final int ROUNDS = 3;

    @TempDir
    private Path folder;

    @Test
    void killedUnderLoad() throws IOException, InterruptedException {
        Path socket = folder.resolve("cntrl");
        try (ServedDrive drive = ServedDrive.open(socket, 16 << 20, new VfioUserEndpoint.Options(false));
                SteadyGuest guest = SteadyGuest.start(socket)) {
            Holdings before = Holdings.now();
            for (int round = 0; round < ROUNDS; round++) {
                Process client = start(socket);
                try (var output = client.inputReader(StandardCharsets.UTF_8)) {
                    assertThat(output.readLine()).isEqualTo("begun");
                    guest.awaitProgress();
                } finally {
                    client.destroyForcibly().waitFor();
                }
                before.awaitAgain();
                guest.awaitProgress();
            }
            assertThat(drive.failures()).isEmpty();
            assertThat(drive.endpoint().connections()).hasSize(1);
        }
    }

    private static Process start(Path socket) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledClient.class.getName(),
                        socket.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
