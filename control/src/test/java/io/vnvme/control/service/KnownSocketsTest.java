package io.vnvme.control.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.vm.VmAddress;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class KnownSocketsTest {
    @TempDir
    Path folder;

    private final KnownSockets sockets = new KnownSockets();

    /** A monitor that is held by another client accepts nobody; those who knocked stay in its line. */
    @Test
    @Timeout(20)
    void oneThatAcceptsNobodyListens() throws IOException {
        Path path = folder.resolve("qmp");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(path), 1);
            VmAddress.Socket socket = VmAddress.Socket.of(path);
            for (int i = 0; i < 5; i++) {
                assertThat(KnownSockets.listens(socket)).isTrue();
            }
        }
        assertThat(KnownSockets.listens(VmAddress.Socket.of(path))).isFalse();
        assertThat(KnownSockets.listens(VmAddress.Socket.of(folder.resolve("none"))))
                .isFalse();
    }

    @Test
    void areForgottenWithTheirFiles() throws IOException {
        Path file = Files.createFile(folder.resolve("qmp"));
        VmAddress.Socket socket = VmAddress.Socket.of(file);
        sockets.seen(socket, "vm1");
        sockets.seen(VmAddress.Socket.of(folder.resolve("x/../qmp")), "vm2");
        sockets.seen(VmAddress.Socket.of(folder.resolve("none")), "vm3");
        assertThat(sockets.now()).containsKey(socket).doesNotContainValue("vm3");
        Files.delete(file);
        assertThat(sockets.now()).isEmpty();
    }

    @Test
    void oldOnesMakeRoom() throws IOException {
        for (int i = 0; i < 300; i++) {
            sockets.seen(VmAddress.Socket.of(Files.createFile(folder.resolve("qmp" + i))), "vm" + i);
        }
        assertThat(sockets.now()).hasSize(256).containsValue("vm299").doesNotContainValue("vm0");
    }
}
