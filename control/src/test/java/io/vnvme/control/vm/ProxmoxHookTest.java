package io.vnvme.control.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The hook script in integrations/proxmox. */
class ProxmoxHookTest {
    @TempDir
    Path folder;

    private record Ended(int status, String said) {}

    private Ended hook(String config, String phase) throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("100.conf"), config);
        ProcessBuilder builder = new ProcessBuilder("../integrations/proxmox/vnvme-hook", "100", phase);
        builder.environment().put("VNVME_HOOK_CONFIG", file.toString());
        builder.environment().put("VNVME_HOOK_WAIT", "0");
        Process process = builder.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), said);
    }

    @Test
    void vmStartsWhenItsDrivesAreServed() throws IOException, InterruptedException {
        Path socket = folder.resolve("cntrl");
        String config = "cores: 1\n" + Recipe.of("d1", socket.toString()).proxmox()
                + "\n[snapshot]\nargs: \"path\":\"/none\"\n";
        Ended refused = hook(config, "pre-start");
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.said()).contains("VM 100: " + socket + " is not served");
        assertThat(hook(config, "post-stop").status()).isZero();
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            assertThat(hook(config, "pre-start")).isEqualTo(new Ended(0, ""));
        }
    }

    @Test
    void vmWithoutDrivesStarts() throws IOException, InterruptedException {
        assertThat(hook("cores: 1\n", "pre-start")).isEqualTo(new Ended(0, ""));
    }
}
