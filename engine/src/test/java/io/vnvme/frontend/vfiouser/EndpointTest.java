package io.vnvme.frontend.vfiouser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.memory.GuestMemory;
import io.vnvme.memory.Segments;
import io.vnvme.os.Errno;
import io.vnvme.os.Fd;
import io.vnvme.os.FdQueue;
import io.vnvme.os.Memfd;
import io.vnvme.os.NativeException;
import io.vnvme.os.PeerCredentials;
import io.vnvme.os.UnixSocket;
import io.vnvme.reactor.Clock;
import io.vnvme.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An endpoint whose reactor is stepped, with raw messages at the other end of its socket. */
class EndpointTest implements ControllerFactory {
    private final Reactor reactor = Reactor.stepped(Clock.system());
    private final MemorySegment message = Arena.ofAuto().allocate(8192, 8);
    private final List<FakeDevice> devices = new ArrayList<>();
    private final List<GuestMemory> memories = new ArrayList<>();
    private final List<String> endings = new ArrayList<>();
    private boolean refuse;

    @TempDir
    private Path folder;

    private @Nullable VfioUserEndpoint endpoint;

    @BeforeEach
    void open() {
        endpoint = VfioUserEndpoint.open(reactor, folder.resolve("cntrl"), this, new VfioUserEndpoint.Options(false));
    }

    @AfterEach
    void close() {
        endpoint().close();
        reactor.close();
    }

    private VfioUserEndpoint endpoint() {
        return Objects.requireNonNull(endpoint);
    }

    @Override
    public @Nullable Device open(Host host) {
        if (refuse) {
            return null;
        }
        FakeDevice device = new FakeDevice();
        devices.add(device);
        memories.add(host.memory());
        return device;
    }

    @Override
    public void ended(PeerCredentials peer, String reason) {
        endings.add(reason);
    }

    @Override
    public void failed(Throwable failure) {
        throw new AssertionError(failure);
    }

    private UnixSocket connect() {
        UnixSocket client = UnixSocket.connect(folder.resolve("cntrl"));
        client.blocking(false);
        return client;
    }

    private UnixSocket negotiated() {
        UnixSocket client = connect();
        send(client, Wire.VERSION, 0, 4);
        assertThat(receive(client)).isGreaterThan(20);
        return client;
    }

    private void send(UnixSocket client, int command, int flags, int bodyBytes, int... fds) {
        Header.write(message, 1, command, Header.SIZE + bodyBytes, flags, 0);
        client.send(message, 0, Header.SIZE + bodyBytes, fds);
    }

    /** The size of the next message, stepping the server until it is there; 0 when the server hung up. */
    private int receive(UnixSocket client) {
        try (FdQueue fds = new FdQueue(4)) {
            int received = 0;
            int size = Header.SIZE;
            while (received < size) {
                int count = client.receive(message, received, size - received, fds);
                if (count == 0) {
                    return 0;
                } else if (count == UnixSocket.WOULD_BLOCK) {
                    reactor.doWork();
                } else {
                    received += count;
                    size = received < Header.SIZE ? Header.SIZE : (int) Header.sizeBytes(message);
                }
            }
            return size;
        }
    }

    private int error(UnixSocket client) {
        assertThat(receive(client)).isEqualTo(Header.SIZE);
        assertThat(Header.failed(message)).isTrue();
        return message.get(Wire.INT, 12);
    }

    private MemorySegment body() {
        return message.asSlice(Header.SIZE);
    }

    @Test
    void clientsComeAndGo() {
        for (int round = 0; round < 3; round++) {
            try (UnixSocket _ = negotiated()) {
                assertThat(endpoint().connections()).hasSize(1);
            }
            while (endings.size() == round) {
                reactor.doWork();
            }
            assertThat(endpoint().connections()).isEmpty();
        }
        assertThat(devices)
                .hasSize(3)
                .allSatisfy(device -> assertThat(device.calls)
                        .containsExactly("bus master false", "bus master false", "reset", "close"));
    }

    @Test
    void refusedByTheFactory() {
        refuse = true;
        try (UnixSocket client = connect()) {
            send(client, Wire.VERSION, 0, 4);
            assertThat(error(client)).isEqualTo(Errno.EBUSY);
            assertThat(receive(client)).isZero();
        }
        assertThat(endpoint().connections()).isEmpty();
    }

    @Test
    void versionComesFirst() {
        try (UnixSocket client = connect()) {
            send(client, Wire.DEVICE_GET_INFO, 0, 16);
            assertThat(receive(client)).isZero();
        }
        try (UnixSocket client = connect()) {
            body().set(Wire.INT, 0, 1);
            send(client, Wire.VERSION, 0, 4);
            assertThat(error(client)).isEqualTo(Errno.EINVAL);
            assertThat(receive(client)).isZero();
        }
        body().set(Wire.INT, 0, 0);
        try (UnixSocket client = negotiated()) {
            send(client, Wire.VERSION, 0, 4);
            assertThat(error(client)).isEqualTo(Errno.EINVAL);
        }
        assertThat(devices).hasSize(1);
    }

    @Test
    void commandsThatThereAreNot() {
        try (UnixSocket client = negotiated()) {
            // Of a device that cannot go elsewhere, for the last three.
            body().fill((byte) 0);
            for (int command : new int[] {6, 14, 16, 17, 18}) {
                send(client, command, 0, 64);
                assertThat(error(client)).isEqualTo(Errno.ENOTSUP);
            }
            for (int command : new int[] {0, 11, 12, 19, 0xffff}) {
                send(client, command, 0, 64);
                assertThat(error(client)).isEqualTo(Errno.ENOSYS);
            }
            send(client, 99, Header.FLAG_NO_REPLY, 0);
            send(client, Wire.DEVICE_GET_INFO, 0, 3);
            assertThat(error(client)).isEqualTo(Errno.EINVAL);
        }
    }

    @Test
    void unmapIsAnsweredWhenNothingUsesTheMemory() {
        try (UnixSocket client = negotiated();
                Fd file = Memfd.create("endpoint", 4096)) {
            body().fill((byte) 0);
            body().set(Wire.INT, 4, 3);
            body().set(Wire.LONG, 24, 4096);
            send(client, Wire.DMA_MAP, 0, 32, file.number());
            assertThat(receive(client)).isEqualTo(Header.SIZE);
            GuestMemory memory = memories.getFirst();
            Segments segments = new Segments();
            segments.add(Objects.requireNonNull(memory.find(0)), 0, 512);
            segments.holdRegions();
            body().set(Wire.INT, 4, 0);
            body().set(Wire.LONG, 8, 0);
            body().set(Wire.LONG, 16, 4096);
            send(client, Wire.DMA_UNMAP, 0, 24, file.number());
            send(client, Wire.DEVICE_RESET, 0, 0);
            assertThat(receive(client)).isEqualTo(Header.SIZE);
            assertThat(Header.command(message)).isEqualTo(Wire.DEVICE_RESET);
            assertThat(memory.regionCount()).isZero();
            segments.releaseRegions();
            assertThat(receive(client)).isEqualTo(Header.SIZE + 24);
            assertThat(Header.command(message)).isEqualTo(Wire.DMA_UNMAP);
            assertThat(body().get(Wire.LONG, 16)).isEqualTo(4096);
        }
    }

    @Test
    void controllerIsClosedWhenItHasComeToRest() {
        FakeDevice device;
        try (UnixSocket _ = negotiated()) {
            device = devices.getFirst();
            device.quiescent = false;
        }
        while (endings.isEmpty()) {
            reactor.doWork();
        }
        reactor.doWork();
        assertThat(device.calls).doesNotContain("close");
        device.quiescent = true;
        reactor.doWork();
        reactor.doWork();
        assertThat(device.calls).containsOnlyOnce("close");
    }

    @Test
    void resetIsAnsweredWhenTheControllerHasComeToRest() {
        try (UnixSocket client = negotiated()) {
            devices.getFirst().quiescent = false;
            send(client, Wire.DEVICE_RESET, 0, 0);
            send(client, Wire.DEVICE_RESET, 0, 0);
            assertThat(error(client)).isEqualTo(Errno.EBUSY);
            devices.getFirst().quiescent = true;
            assertThat(receive(client)).isEqualTo(Header.SIZE);
            assertThat(Header.failed(message)).isFalse();
        }
    }

    @Test
    void clientThatDoesNotReadIsNotReadFrom() {
        try (UnixSocket client = negotiated()) {
            int sent = 0;
            for (int idle = 0; idle < 1000; ) {
                body().set(Wire.LONG, 0, 0);
                body().set(Wire.INT, 8, Wire.REGION_CONFIG);
                body().set(Wire.INT, 12, 4096);
                Header.write(message, sent & 0xffff, Wire.REGION_READ, 32, 0, 0);
                int count = client.send(message, 0, 32);
                idle = count == UnixSocket.WOULD_BLOCK ? idle + 1 : 0;
                sent += count == UnixSocket.WOULD_BLOCK ? 0 : 1;
                reactor.doWork();
            }
            assertThat(endings).isEmpty();
            for (int i = 0; i < sent; i++) {
                assertThat(receive(client)).isEqualTo(Header.SIZE + 16 + 4096);
                assertThat(Header.id(message)).isEqualTo(i & 0xffff);
            }
        }
    }

    @Test
    void pathInUse() {
        assertThatThrownBy(() -> VfioUserEndpoint.open(
                        reactor, folder.resolve("cntrl"), this, new VfioUserEndpoint.Options(false)))
                .isInstanceOf(NativeException.class)
                .hasMessageContaining("EADDRINUSE");
        endpoint().close();
        assertThat(folder).isEmptyDirectory();
        open();
    }
}
