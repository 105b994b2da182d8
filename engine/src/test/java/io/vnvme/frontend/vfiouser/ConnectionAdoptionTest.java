package io.vnvme.frontend.vfiouser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.handover.Held;
import io.vnvme.handover.Holder;
import io.vnvme.memory.GuestMemory;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.Subsystem;
import io.vnvme.os.EventFd;
import io.vnvme.os.Fd;
import io.vnvme.os.FdQueue;
import io.vnvme.os.Memfd;
import io.vnvme.os.NativeException;
import io.vnvme.os.UnixSocket;
import io.vnvme.qos.Scheduler;
import io.vnvme.reactor.Clock;
import io.vnvme.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A process ends at some instruction of a message's life, and another goes on. It ends here by an error that nobody catches, in
 * what it calls, or its last stores are taken back; its sockets stay open, as the holder's do, and it is never stepped again.
 */
class ConnectionAdoptionTest implements ControllerFactory {
    /** The end of the process. */
    private static final class Killed extends Error {
        private static final long serialVersionUID = 1;
    }

    /** Keeps descriptors in this process, and may be the place where it ends. */
    private static final class Kept implements Holder {
        private final Map<String, Fd> fds = new TreeMap<>();
        private @Nullable String endsAt;

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

    private static final Subsystem SUBSYSTEM = new Subsystem("nqn.2026-01.io.vnvme:kept", "S1", "kept", "1");

    private final Kept holder = new Kept();
    private long nowNs;
    /** So late that each pass looks at the sockets. */
    private final Clock clock = () -> nowNs += 1_000_000;

    private final MemorySegment message = Arena.ofAuto().allocate(8192, 8);
    private final List<FakeDevice> devices = new ArrayList<>();
    /** Whether devices are controllers. */
    private boolean real;

    private final List<Controller> controllers = new ArrayList<>();
    private final List<GuestMemory> memories = new ArrayList<>();
    private final List<Runnable> resumes = new ArrayList<>();
    private final List<Reactor> reactors = new ArrayList<>();

    @TempDir
    private Path folder;

    private @Nullable UnixSocket client;
    private @Nullable VfioUserEndpoint endpoint;

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

    private void serve(Held held) {
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
    private void another() {
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

    private Device shown(Controller controller) {
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

    private UnixSocket client() {
        return Objects.requireNonNull(client);
    }

    private FakeDevice device() {
        return devices.getLast();
    }

    private MemorySegment body() {
        return message.asSlice(Header.SIZE);
    }

    private void send(int command, int flags, int bodyBytes, int... fds) {
        Header.write(message, 1, command, Header.SIZE + bodyBytes, flags, 0);
        client().send(message, 0, Header.SIZE + bodyBytes, fds);
    }

    /** Steps the present process until it has nothing to do. */
    private void step() {
        for (int i = 0; i < 20; i++) {
            reactors.getLast().doWork();
        }
    }

    /** The present process works until it ends. */
    private void untilKilled() {
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
    private int receive() {
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

    private void sendWrite(int offset, int value) {
        body().set(Wire.LONG, 0, offset);
        body().set(Wire.INT, 8, Wire.REGION_BAR0);
        body().set(Wire.INT, 12, 4);
        body().set(Wire.INT, 16, value);
        send(Wire.REGION_WRITE, 0, 20);
    }

    private void assertOneAnswer(int command) {
        assertThat(receive()).isPositive();
        assertThat(Header.command(message)).isEqualTo(command);
        assertThat(Header.failed(message)).isFalse();
        assertThat(receive()).as("a second answer").isZero();
    }

    private void sendState(int state) {
        body().set(Wire.INT, 0, 16);
        body().set(Wire.INT, 4, Request.DeviceFeature.SET | Request.DeviceFeature.MIG_DEVICE_STATE);
        body().set(Wire.INT, 8, state);
        body().set(Wire.INT, 12, -1);
        send(Wire.DEVICE_FEATURE, 0, 16);
    }

    private int state() {
        body().set(Wire.INT, 0, 16);
        body().set(Wire.INT, 4, Request.DeviceFeature.GET | Request.DeviceFeature.MIG_DEVICE_STATE);
        send(Wire.DEVICE_FEATURE, 0, 8);
        assertOneAnswer(Wire.DEVICE_FEATURE);
        return body().get(Wire.INT, 8);
    }

    private void connectToAController() {
        real = true;
        client().close();
        step();
        UnixSocket socket = UnixSocket.connect(folder.resolve("s" + reactors.size()));
        socket.blocking(false);
        client = socket;
        send(Wire.VERSION, 0, 4);
        assertThat(receive()).isGreaterThan(20);
    }

    @Test
    void whatIsStoppedStaysSoUntilItIsLetGoOn() {
        connectToAController();
        sendState(MigrationCommands.STATE_STOP_COPY);
        assertOneAnswer(Wire.DEVICE_FEATURE);
        for (int i = 0; i < 2; i++) {
            another();
            assertThat(controllers.getLast().standstill().reached()).isTrue();
            assertThat(state()).as("what was to be read is not known any more").isEqualTo(MigrationCommands.STATE_STOP);
        }
        sendState(MigrationCommands.STATE_RUNNING);
        assertOneAnswer(Wire.DEVICE_FEATURE);
        assertThat(controllers.getLast().standstill().begun()).isFalse();
        another();
        assertThat(state()).isEqualTo(MigrationCommands.STATE_RUNNING);
    }

    @Test
    void whatWaitsForItsDriveIsNotStopped() {
        connectToAController();
        serve(holder.held());
        reactors.getLast().doWork();
        MovingDevice moving = Objects.requireNonNull(endpoint).devices().getFirst();
        assertThatThrownBy(() -> moving.freeze(Duration.ofSeconds(1))).isInstanceOf(IllegalStateException.class);
        resumes.removeLast().run();
        assertThat(state()).isEqualTo(MigrationCommands.STATE_RUNNING);
    }

    @Test
    void whatIsAboutToStopIsStopped() {
        connectToAController();
        sendState(MigrationCommands.STATE_STOP);
        // The message is read; whether the controller has come to rest is looked at in the next pass.
        try (ConnectionState kept = holder.state()) {
            for (int i = 0; kept.getInt(ConnectionState.MIGRATION) == 0; i++) {
                assertThat(i).isLessThan(20);
                reactors.getLast().doWork();
            }
        }
        another();
        assertOneAnswer(Wire.DEVICE_FEATURE);
        assertThat(state()).isEqualTo(MigrationCommands.STATE_STOP);
    }

    @Test
    void whatWasBecomingAnotherIsOfNoUseUntilItIsReset() {
        connectToAController();
        sendState(MigrationCommands.STATE_RESUMING);
        assertOneAnswer(Wire.DEVICE_FEATURE);
        another();
        assertThat(state()).isEqualTo(MigrationCommands.STATE_ERROR);
        sendState(MigrationCommands.STATE_RUNNING);
        assertThat(receive()).isEqualTo(Header.SIZE);
        assertThat(Header.failed(message)).isTrue();
        send(Wire.DEVICE_RESET, 0, 0);
        assertOneAnswer(Wire.DEVICE_RESET);
        assertThat(state()).isEqualTo(MigrationCommands.STATE_RUNNING);
    }

    @Test
    void anotherVersionOfTheStateIsRefusedBeforeAnybodyTakesIt() {
        step();
        try (Held held = holder.held();
                ConnectionState state = holder.state()) {
            // That of a fake device is none.
            held.names("").stream()
                    .filter(name -> name.endsWith(PciFunction.CONTROLLER))
                    .forEach(name -> held.take(name).ifPresent(Fd::close));
            assertThat(VfioUserEndpoint.refusal(held)).isEmpty();
            state.setInt(8, ConnectionState.LAYOUT.version() + 1);
            assertThat(VfioUserEndpoint.refusal(held))
                    .contains("vnvme-connection is of version %d, and this program reads version %d"
                            .formatted(ConnectionState.LAYOUT.version() + 1, ConnectionState.LAYOUT.version()));
            state.setInt(8, ConnectionState.LAYOUT.version());
        }
    }

    @Test
    void whereNobodyCanListenWhatIsHeldStaysWithTheCaller() {
        step();
        try (Held held = holder.held();
                UnixSocket there = UnixSocket.listen(folder.resolve("s2"), 1)) {
            int count = held.names("").size();
            assertThat(count).isPositive();
            assertThatThrownBy(() -> serve(held)).isInstanceOf(NativeException.class);
            assertThat(held.names("")).hasSize(count);
            assertThat(there.fd().number()).isNotNegative();
        }
        reactors.removeLast().close();
    }

    @Test
    void aMessageInPiecesGoesOn() {
        body().set(Wire.LONG, 0, 0x14);
        body().set(Wire.INT, 8, Wire.REGION_BAR0);
        body().set(Wire.INT, 12, 4);
        body().set(Wire.INT, 16, 5);
        Header.write(message, 1, Wire.REGION_WRITE, Header.SIZE + 20, 0, 0);
        int[] pieces = {7, 9, 3, 12, 5};
        int sent = 0;
        for (int piece : pieces) {
            client().send(message, sent, piece);
            sent += piece;
            step();
            another();
        }
        assertThat(sent).isEqualTo(Header.SIZE + 20);
        assertThat(devices).filteredOn(d -> d.calls.contains("write 14 5")).hasSize(1);
        assertOneAnswer(Wire.REGION_WRITE);
    }

    @Test
    void whatWasAppliedAndNotAnsweredIsDoneAgainAndAnsweredOnce() {
        device().killedBy = new Killed();
        sendWrite(0x14, 1);
        untilKilled();
        another();
        assertThat(device().calls).containsOnlyOnce("write 14 1");
        assertOneAnswer(Wire.REGION_WRITE);
        sendWrite(0x14, 2);
        assertOneAnswer(Wire.REGION_WRITE);
    }

    /** The message is as it was before it was done with. */
    private static void takeBackDone(ConnectionState state) {
        long first = 0x3000 + 56;
        int number = state.getInt(first + 4) - (1 << 21);
        state.setLong(first, (long) number << 32 | (Header.SIZE + 20));
    }

    /** The answer is published, and the socket has not got it; the client gives back what it has. */
    private void takeBackSent(ConnectionState state) {
        long sending = 0x3900 + 56;
        int bytes = state.getInt(sending);
        assertThat(bytes).isPositive();
        try (FdQueue none = new FdQueue(1)) {
            assertThat(client().receive(message, 0, bytes, none)).isEqualTo(bytes);
        }
        state.setLong(ConnectionState.ORIGIN, state.getLong(ConnectionState.ORIGIN) - bytes);
        state.setLong(sending, state.getLong(sending) & -1L << 32);
    }

    @ParameterizedTest
    @CsvSource({"true,false", "false,true", "true,true"})
    void whatIsAnsweredIsSentOnce(boolean notForgotten, boolean notSent) {
        sendWrite(0x14, 1);
        step();
        try (ConnectionState state = holder.state()) {
            if (notForgotten) {
                takeBackDone(state);
            }
            if (notSent) {
                takeBackSent(state);
            }
            another();
        }
        assertThat(device().calls).doesNotContain("write 14 1");
        assertOneAnswer(Wire.REGION_WRITE);
        sendWrite(0x14, 2);
        assertOneAnswer(Wire.REGION_WRITE);
    }

    @Test
    void memoryAndInterruptsGoOnAndComeOnce() {
        try (Fd memory = Memfd.create("guest", 1 << 20);
                EventFd vector = EventFd.create()) {
            for (String end : new String[] {"fd.0", "file.0."}) {
                holder.endsAt = end;
                map(memory);
                untilKilled();
                another();
                assertOneAnswer(Wire.DMA_MAP);
                assertThat(memories.getLast().find(0x1000)).isNotNull();
                body().set(Wire.INT, 0, 24);
                body().set(Wire.INT, 4, 0);
                body().set(Wire.LONG, 8, 0x1000);
                body().set(Wire.LONG, 16, 1 << 20);
                send(Wire.DMA_UNMAP, 0, 24);
                assertOneAnswer(Wire.DMA_UNMAP);
            }
            map(memory);
            assertOneAnswer(Wire.DMA_MAP);
            holder.endsAt = "irq.2.3.";
            body().set(Wire.INT, 0, 20);
            body().set(Wire.INT, 4, 1 << 2 | 1 << 5);
            body().set(Wire.INT, 8, IrqTable.MSIX);
            body().set(Wire.INT, 12, 3);
            body().set(Wire.INT, 16, 1);
            send(Wire.DEVICE_SET_IRQS, 0, 20, vector.fd().number());
            untilKilled();
            another();
            assertOneAnswer(Wire.DEVICE_SET_IRQS);
            another();
            assertThat(memories.getLast().find(0x1000)).isNotNull();
            assertThat(holder.fds.keySet())
                    .anyMatch(name -> name.endsWith("/irq.2.3."))
                    .noneMatch(name -> name.contains("/fd."));
        }
    }

    private void map(Fd memory) {
        body().set(Wire.INT, 0, 32);
        body().set(Wire.INT, 4, 3);
        body().set(Wire.LONG, 8, 0);
        body().set(Wire.LONG, 16, 0x1000);
        body().set(Wire.LONG, 24, 1 << 20);
        send(Wire.DMA_MAP, 0, 32, memory.number());
    }

    @Test
    void anOwedReplyIsPaidOnce() {
        device().quiescent = false;
        send(Wire.DEVICE_RESET, 0, 0);
        step();
        assertThat(receive()).isZero();
        another();
        assertOneAnswer(Wire.DEVICE_RESET);
        another();
        assertThat(receive()).isZero();
    }

    @Test
    void configurationSpaceAndNoteStay() {
        body().set(Wire.LONG, 0, PciConfig.COMMAND);
        body().set(Wire.INT, 8, Wire.REGION_CONFIG);
        body().set(Wire.INT, 12, 2);
        body().set(ValueLayout.JAVA_SHORT, 16, (short) 6);
        send(Wire.REGION_WRITE, 0, 18);
        assertOneAnswer(Wire.REGION_WRITE);
        try (ConnectionState state = holder.state()) {
            state.note("first");
            state.note("second");
        }
        another();
        assertThat(device().calls).contains("bus master true");
        try (ConnectionState state = holder.state()) {
            assertThat(state.note()).isEqualTo("second");
        }
        body().set(Wire.LONG, 0, PciConfig.COMMAND);
        body().set(Wire.INT, 8, Wire.REGION_CONFIG);
        body().set(Wire.INT, 12, 2);
        send(Wire.REGION_READ, 0, 16);
        assertThat(receive()).isPositive();
        assertThat(body().get(ValueLayout.JAVA_SHORT, 16)).isEqualTo((short) 6);
    }
}
