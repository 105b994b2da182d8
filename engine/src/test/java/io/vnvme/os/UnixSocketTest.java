package io.vnvme.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("try") // closing early is what is tested
class UnixSocketTest {
    private final MemorySegment buffer = Arena.ofAuto().allocate(64, 8);

    @TempDir
    private Path folder;

    @Test
    void bytesAndTheEnd() {
        UnixSocket[] pair = UnixSocket.pair();
        try (UnixSocket a = pair[0];
                UnixSocket b = pair[1];
                FdQueue fds = new FdQueue(4)) {
            b.blocking(false);
            assertThat(b.receive(buffer, 0, 8, fds)).isEqualTo(UnixSocket.WOULD_BLOCK);
            buffer.set(ValueLayout.JAVA_LONG, 0, 42);
            assertThat(a.send(buffer, 0, 8)).isEqualTo(8);
            assertThat(b.receive(buffer, 32, 5, fds)).isEqualTo(5);
            assertThat(b.receive(buffer, 37, 5, fds)).isEqualTo(3);
            assertThat(buffer.get(ValueLayout.JAVA_LONG, 32)).isEqualTo(42);
            a.close();
            assertThat(b.receive(buffer, 0, 8, fds)).isZero();
            assertThat(b.send(buffer, 0, 8)).isZero();
        }
    }

    @Test
    void datagramsKeepTheirBounds() {
        Path path = folder.resolve("notices");
        Fd bound = SocketCalls.datagramSocket();
        SocketCalls.bind(bound, path, 0600);
        try (UnixSocket receiver = new UnixSocket(bound, null, null);
                UnixSocket sender = UnixSocket.connectForDatagrams(path.toString());
                FdQueue fds = new FdQueue(1)) {
            assertThat(sender.send(buffer, 0, 8)).isEqualTo(8);
            assertThat(sender.send(buffer, 0, 5)).isEqualTo(5);
            assertThat(receiver.receive(buffer, 0, 64, fds)).isEqualTo(8);
            assertThat(receiver.receive(buffer, 0, 64, fds)).isEqualTo(5);
        }
        assertThatThrownBy(() ->
                        UnixSocket.connectForDatagrams(folder.resolve("none").toString()))
                .isInstanceOf(NativeException.class);
        // The kernel names the abstract address that nobody listens at: refused, not missing.
        assertThatThrownBy(() -> UnixSocket.connectForDatagrams("@vnvme-nobody"))
                .isInstanceOfSatisfying(
                        NativeException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ECONNREFUSED));
    }

    @Test
    void descriptorsComeWithTheFirstByteOfTheirMessage() {
        UnixSocket[] pair = UnixSocket.pair();
        long before = OpenFds.count();
        try (UnixSocket a = pair[0];
                UnixSocket b = pair[1];
                EventFd one = EventFd.create();
                EventFd two = EventFd.create();
                FdQueue fds = new FdQueue(4)) {
            a.send(buffer, 0, 16, new int[] {one.fd().number(), two.fd().number()});
            a.send(buffer, 0, 16, new int[] {one.fd().number()});
            assertThat(b.receive(buffer, 0, 8, fds)).isEqualTo(8);
            assertThat(fds.size()).isEqualTo(2);
            assertThat(b.receive(buffer, 0, 8, fds)).isEqualTo(8);
            assertThat(fds.size()).isEqualTo(2);
            try (EventFd received = EventFd.adopt(Fd.adopt(fds.take()))) {
                received.signal();
                assertThat(one.drain()).isEqualTo(1);
                assertThat(two.drain()).isZero();
            }
            assertThat(fds.size()).isEqualTo(1);
            assertThat(b.receive(buffer, 0, 16, fds)).isEqualTo(16);
            assertThat(fds.size()).isEqualTo(2);
        }
        assertThat(OpenFds.count()).isEqualTo(before - 2);
    }

    @Test
    void descriptorsBeyondTheQueueAreClosed() {
        UnixSocket[] pair = UnixSocket.pair();
        try (UnixSocket a = pair[0];
                UnixSocket b = pair[1];
                EventFd event = EventFd.create();
                FdQueue fds = new FdQueue(3)) {
            long before = OpenFds.count();
            int[] many = new int[UnixSocket.FDS_MAX];
            Arrays.fill(many, event.fd().number());
            a.send(buffer, 0, 1, many);
            b.receive(buffer, 0, 1, fds);
            assertThat(fds.size()).isEqualTo(3);
            assertThat(OpenFds.count()).isEqualTo(before + 3);
            fds.close();
            assertThat(OpenFds.count()).isEqualTo(before);
            assertThat(fds.take()).isEqualTo(-1);
        }
    }

    @Test
    void listenAcceptConnect() {
        Path path = folder.resolve("cntrl");
        long before = OpenFds.count();
        try (UnixSocket listener = UnixSocket.listen(path, 4)) {
            assertThat(listener.accept()).isNull();
            try (UnixSocket client = UnixSocket.connect(path);
                    UnixSocket server = Objects.requireNonNull(listener.accept())) {
                assertThat((long) server.peer().pid())
                        .isEqualTo(ProcessHandle.current().pid());
                assertThat(client.peer().pid()).isEqualTo(server.peer().pid());
            }
        }
        assertThat(folder).isEmptyDirectory();
        assertThat(OpenFds.count()).isEqualTo(before);
    }

    @Test
    void liveSocketIsRefused() {
        Path path = folder.resolve("cntrl");
        try (UnixSocket listener = UnixSocket.listen(path, 4)) {
            assertThatThrownBy(() -> UnixSocket.listen(path, 4))
                    .isInstanceOf(NativeException.class)
                    .hasMessageContaining("which another process serves")
                    .hasMessageContaining("EADDRINUSE");
            assertThat(path).exists();
            UnixSocket.connect(path).close();
            assertThat(listener.fd().number()).isNotNegative();
        }
    }

    @Test
    void liveSocketOfSomebodyWithoutLockIsRefused() throws IOException {
        Path path = folder.resolve("cntrl");
        try (Fd fd = SocketCalls.socket()) {
            SocketCalls.bind(fd, path, 0600);
            SocketCalls.listen(fd, 1);
            assertThatThrownBy(() -> UnixSocket.listen(path, 4)).hasMessageContaining("another process");
            assertThat(path).exists();
        }
        // That listener is gone now, its file is not.
        UnixSocket.listen(path, 4).close();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void somethingElseIsNotReplaced() throws IOException {
        Path path = folder.resolve("cntrl");
        Files.writeString(path, "precious");
        assertThatThrownBy(() -> UnixSocket.listen(path, 4)).hasMessageContaining("not a socket");
        assertThat(path).hasContent("precious");
        assertThat(folder.resolve("cntrl.lock")).doesNotExist();
    }

    @Test
    void pathTooLong() {
        assertThatThrownBy(() -> UnixSocket.connect(folder.resolve("x".repeat(120))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at most 107");
    }

    @Test
    void nobodyThere() {
        assertThatThrownBy(() -> UnixSocket.connect(folder.resolve("none")))
                .hasMessageContaining("No such file or directory (ENOENT)");
    }
}
