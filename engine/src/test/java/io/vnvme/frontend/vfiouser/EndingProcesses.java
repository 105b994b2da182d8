package io.vnvme.frontend.vfiouser;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.handover.Held;
import io.vnvme.handover.Holder;
import io.vnvme.memory.GuestMemory;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.Subsystem;
import io.vnvme.os.Fd;
import io.vnvme.os.FdQueue;
import io.vnvme.os.UnixSocket;
import io.vnvme.qos.Scheduler;
import io.vnvme.reactor.Clock;
import io.vnvme.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process ends at some instruction of a message's life, and another goes on. It ends here by an error that nobody catches, in
 * what it calls, or its last stores are taken back; its sockets stay open, as the holder's do, and it is never stepped again.
 */
abstract class EndingProcesses implements ControllerFactory {
    /** The end of the process. */
    static final class Killed extends Error {
        private static final long serialVersionUID = 1;
    }

    /** Keeps descriptors in this process, and may be the place where it ends. */
    static final class Kept implements Holder {
        final Map<String, Fd> fds = new TreeMap<>();

        @Nullable
        String endsAt;

        @Override
        public void keep(String name, int fdNumber) {
            Fd before = fds.put(name, duplicate(fdNumber));
            if (before != null) {
                before.close();
            }
            if (endsAt != null && name.endsWith(endsAt)) {
                endsAt = null;
                throw new Killed();
            }
        }

        private static Fd duplicate(int number) {
            try (FdQueue queue = new FdQueue(1)) {
                UnixSocket[] pair = UnixSocket.pair();
                try (UnixSocket from = pair[0];
                        UnixSocket to = pair[1]) {
                    MemorySegment one = Arena.ofAuto().allocate(1);
                    from.send(one, 0, 1, new int[] {number});
                    to.receive(one, 0, 1, queue);
                }
                return Fd.adopt(queue.take());
            }
        }

        @Override
        public void drop(String prefix) {
            fds.keySet().removeIf(name -> {
                boolean leaves = name.startsWith(prefix);
                if (leaves) {
                    Objects.requireNonNull(fds.get(name)).close();
                }
                return leaves;
            });
        }

        Held held() {
            Held held = new Held();
            fds.forEach((name, fd) -> held.add(name, fd.duplicate()));
            return held;
        }

        ConnectionState state() {
            return new ConnectionState(fds.entrySet().stream()
                    .filter(e -> e.getKey().endsWith("/state"))
                    .findFirst()
                    .orElseThrow()
                    .getValue()
                    .duplicate());
        }
    }

    static final Subsystem SUBSYSTEM = new Subsystem("nqn.2026-01.io.vnvme:kept", "S1", "kept", "1");

    final Kept holder = new Kept();
    long nowNs;
    /** So late that each pass looks at the sockets. */
    final Clock clock = () -> nowNs += 1_000_000;

    final MemorySegment message = Arena.ofAuto().allocate(8192, 8);
    final List<FakeDevice> devices = new ArrayList<>();
    /** Whether devices are controllers. */
    boolean real;

    final List<Controller> controllers = new ArrayList<>();
    final List<GuestMemory> memories = new ArrayList<>();
    final List<Runnable> resumes = new ArrayList<>();
    final List<Reactor> reactors = new ArrayList<>();

    @TempDir
    Path folder;

    @Nullable
    UnixSocket client;

    @Nullable
    VfioUserEndpoint endpoint;

    @BeforeEach
    void connect() {
        serve(new Held());
        UnixSocket socket = UnixSocket.connect(folder.resolve("s1"));
        socket.blocking(false);
        client = socket;
        send(Wire.VERSION, 0, 4);
        assertThat(receive()).isGreaterThan(20);
    }

    @AfterEach
    void close() {
        client().close();
        reactors.forEach(Reactor::close);
        holder.drop("");
    }

    void serve(Held held) {
        Reactor reactor = Reactor.stepped(clock);
        reactors.add(reactor);
        endpoint = VfioUserEndpoint.open(
                reactor,
                folder.resolve("s" + reactors.size()),
                this,
                new VfioUserEndpoint.Options(false),
                holder,
                held);
    }

    /** Another process takes the place of the present one. */
    void another() {
        serve(holder.held());
        // Passes between the taking up and the resuming change nothing.
        reactors.getLast().doWork();
        resumes.removeLast().run();
    }

    @Override
    public Device open(Host host) {
        if (real) {
            return shown(new Controller(SUBSYSTEM, 1, host.memory(), host.interrupts(), host.doorbells()));
        }
        FakeDevice device = new FakeDevice();
        devices.add(device);
        memories.add(host.memory());
        return device;
    }

    Device shown(Controller controller) {
        controllers.add(controller);
        return Device.of(controller);
    }

    @Override
    public Device adopt(Host host, Fd state, Runnable resume) {
        resumes.add(resume);
        if (real) {
            return shown(Controller.adopt(
                    SUBSYSTEM, state, host.memory(), host.interrupts(), host.doorbells(), new Scheduler().turn()));
        }
        state.close();
        return open(host);
    }

    @Override
    public void failed(Throwable failure) {
        throw new AssertionError(failure);
    }

    UnixSocket client() {
        return Objects.requireNonNull(client);
    }

    FakeDevice device() {
        return devices.getLast();
    }

    MemorySegment body() {
        return message.asSlice(Header.SIZE);
    }

    void send(int command, int flags, int bodyBytes, int... fds) {
        Header.write(message, 1, command, Header.SIZE + bodyBytes, flags, 0);
        client().send(message, 0, Header.SIZE + bodyBytes, fds);
    }

    /** Steps the present process until it has nothing to do. */
    void step() {
        for (int i = 0; i < 20; i++) {
            reactors.getLast().doWork();
        }
    }

    /** The present process works until it ends. */
    void untilKilled() {
        for (int i = 0; i < 20; i++) {
            try {
                reactors.getLast().doWork();
            } catch (IllegalStateException e) {
                assertThat(e).hasCauseInstanceOf(Killed.class);
                return;
            }
        }
        throw new AssertionError("it has not ended");
    }

    /** Size of the next answer; 0: there is none. */
    int receive() {
        try (FdQueue fds = new FdQueue(4)) {
            for (int i = 0; i < 20; i++) {
                reactors.getLast().doWork();
                int count = client().receive(message, 0, Header.SIZE, fds);
                if (count == Header.SIZE) {
                    int size = (int) Header.sizeBytes(message);
                    if (size > count) {
                        client().receive(message, count, size - count, fds);
                    }
                    return size;
                }
            }
            return 0;
        }
    }

    void sendWrite(int offset, int value) {
        body().set(Wire.LONG, 0, offset);
        body().set(Wire.INT, 8, Wire.REGION_BAR0);
        body().set(Wire.INT, 12, 4);
        body().set(Wire.INT, 16, value);
        send(Wire.REGION_WRITE, 0, 20);
    }

    /** Writes Command in the configuration space. */
    void sendCommandRegister(int value) {
        body().set(Wire.LONG, 0, PciConfig.COMMAND);
        body().set(Wire.INT, 8, Wire.REGION_CONFIG);
        body().set(Wire.INT, 12, 2);
        body().set(ValueLayout.JAVA_SHORT, 16, (short) value);
        send(Wire.REGION_WRITE, 0, 18);
    }

    /** @param fds none for memory that messages alone reach */
    void map(long iova, long sizeBytes, int... fds) {
        body().set(Wire.INT, 0, 32);
        body().set(Wire.INT, 4, 3);
        body().set(Wire.LONG, 8, 0);
        body().set(Wire.LONG, 16, iova);
        body().set(Wire.LONG, 24, sizeBytes);
        send(Wire.DMA_MAP, 0, 32, fds);
    }

    MovingDevice moving() {
        return Objects.requireNonNull(endpoint).devices().getFirst();
    }

    void assertOneAnswer(int command) {
        assertThat(receive()).isPositive();
        assertThat(Header.command(message)).isEqualTo(command);
        assertThat(Header.failed(message)).isFalse();
        assertThat(receive()).as("a second answer").isZero();
    }

    void sendState(int state) {
        body().set(Wire.INT, 0, 16);
        body().set(Wire.INT, 4, Request.DeviceFeature.SET | Request.DeviceFeature.MIG_DEVICE_STATE);
        body().set(Wire.INT, 8, state);
        body().set(Wire.INT, 12, -1);
        send(Wire.DEVICE_FEATURE, 0, 16);
    }

    int state() {
        body().set(Wire.INT, 0, 16);
        body().set(Wire.INT, 4, Request.DeviceFeature.GET | Request.DeviceFeature.MIG_DEVICE_STATE);
        send(Wire.DEVICE_FEATURE, 0, 8);
        assertOneAnswer(Wire.DEVICE_FEATURE);
        return body().get(Wire.INT, 8);
    }

    void connectToAController() {
        real = true;
        client().close();
        step();
        UnixSocket socket = UnixSocket.connect(folder.resolve("s" + reactors.size()));
        socket.blocking(false);
        client = socket;
        send(Wire.VERSION, 0, 4);
        assertThat(receive()).isGreaterThan(20);
    }
    /** The message is as it was before it was done with. */
    static void takeBackDone(ConnectionState state) {
        long first = 0x3000 + 56;
        int number = state.getInt(first + 4) - (1 << 21);
        state.setLong(first, (long) number << 32 | (Header.SIZE + 20));
    }

    /** The answer is published, and the socket has not got it; the client gives back what it has. */
    void takeBackSent(ConnectionState state) {
        long sending = 0x3900 + 56;
        int bytes = state.getInt(sending);
        assertThat(bytes).isPositive();
        try (FdQueue none = new FdQueue(1)) {
            assertThat(client().receive(message, 0, bytes, none)).isEqualTo(bytes);
        }
        state.setLong(ConnectionState.ORIGIN, state.getLong(ConnectionState.ORIGIN) - bytes);
        state.setLong(sending, state.getLong(sending) & -1L << 32);
    }
}
