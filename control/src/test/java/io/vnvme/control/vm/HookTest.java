package io.vnvme.control.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The hook scripts in integrations. */
class HookTest {
    @TempDir
    Path folder;

    private record Ended(int status, String said) {}

    private Ended proxmox(String config, String phase) throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("100.conf"), config);
        ProcessBuilder builder = new ProcessBuilder("../integrations/proxmox/vnvme-hook", "100", phase);
        builder.environment().put("VNVME_HOOK_CONFIG", file.toString());
        return ended(builder);
    }

    private Ended libvirt(String xml, String phase) throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("domain.xml"), xml);
        ProcessBuilder builder = new ProcessBuilder("../integrations/libvirt/vnvme-hook", "web1", phase, "begin", "-")
                .redirectInput(file.toFile());
        builder.environment()
                .put("VNVME_HOOK_GROUP", Files.getAttribute(folder, "unix:gid").toString());
        return ended(builder);
    }

    private static Ended ended(ProcessBuilder builder) throws IOException, InterruptedException {
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
        Ended refused = proxmox(config, "pre-start");
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.said()).contains("VM 100: " + socket + " is not served");
        assertThat(proxmox(config, "post-stop").status()).isZero();
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            assertThat(proxmox(config, "pre-start")).isEqualTo(new Ended(0, ""));
        }
    }

    @Test
    void domainStartsWithItsDrivesOpenToIt() throws IOException, InterruptedException {
        Path socket = folder.resolve("cntrl");
        // As libvirt writes it, and as people do.
        String xml = Recipe.of("d1", socket.toString()).libvirt();
        String escaped = xml.replace("\"", "&quot;");
        assertThat(libvirt(escaped, "prepare").status()).isEqualTo(1);
        assertThat(libvirt(xml, "prepare").said()).contains("domain web1: " + socket + " is not served");
        assertThat(libvirt(xml, "release").status()).isZero();
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-r-----"));
            assertThat(libvirt(escaped, "prepare")).isEqualTo(new Ended(0, ""));
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                    .isEqualTo("rw-rw----");
        }
        assertThat(libvirt("<domain><name>x</name></domain>", "prepare")).isEqualTo(new Ended(0, ""));
    }

    @Test
    void vmWithoutDrivesStarts() throws IOException, InterruptedException {
        assertThat(proxmox("cores: 1\n", "pre-start")).isEqualTo(new Ended(0, ""));
    }
}
