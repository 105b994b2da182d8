package io.vnvme.bench.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.os.NativeException;
import io.vnvme.os.SendQueue;
import io.vnvme.os.TcpSocket;
import io.vnvme.os.ZeroCopyStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Each way to serve gives each request its answer, whole and in order; else it would be the faster for it. */
class ServersTest {
    private static final int DATA_BYTES = 4096;
    private static final int ANSWER_BYTES = Answers.HEADER_BYTES + DATA_BYTES;
    private static final MemorySegment NO_HEADER = MemorySegment.ofArray(new byte[Answers.HEADER_BYTES]);
    private static final int REQUESTS = 1000;
    /** More than a socket's two buffers take while nobody receives. */
    private static final int MANY_BYTES = 64 << 10;

    private static final int BLOCKS = 256;

    private final MemorySegment drive = numbered(Arena.ofAuto().allocate(BLOCKS * DATA_BYTES, 4096), DATA_BYTES);
    private final Answers.Places places = new Answers.Places(drive, DATA_BYTES);
    private final TcpSocket port = TcpSocket.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
    private final TcpSocket client = TcpSocket.connect(port.local());
    private final TcpSocket accepted = accept();
    private final List<TcpSocket> connections = List.of(accepted);

    private TcpSocket accept() {
        TcpSocket socket = port.accept();
        while (socket == null) {
            socket = port.accept();
        }
        return socket;
    }

    @AfterEach
    void close() {
        client.close();
        accepted.close();
        port.close();
    }

    /** Fills each piece with its number, and each word of it with its place in there. */
    private static MemorySegment numbered(MemorySegment memory, int pieceBytes) {
        for (long at = 0; at < memory.byteSize(); at += Long.BYTES) {
            memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at, at / pieceBytes << 32 | at % pieceBytes);
        }
        return memory;
    }

    private static Answers.Ready numbered(int dataBytes) {
        Answers.Ready ready = new Answers.Ready(dataBytes);
        numbered(ready.memory(), ready.bytes());
        return ready;
    }

    /** Asks in pieces that end within requests, and goes on until all answers are here, and nothing else. */
    private MemorySegment answers(Server server, int answerBytes) {
        SendQueue out = new SendQueue(REQUESTS, command -> {});
        MemorySegment requests = Arena.ofAuto().allocate((long) REQUESTS * Requests.BYTES);
        int asked = 0;
        int piece = 100;
        MemorySegment in = Arena.ofAuto().allocate((long) REQUESTS * answerBytes + 1);
        int came = 0;
        while (came < REQUESTS * answerBytes) {
            int next = Math.min(piece, REQUESTS * Requests.BYTES - asked);
            if (next > 0 && out.isEmpty()) {
                out.add(requests, asked, next, SendQueue.NOBODY);
                asked += next;
                assertThat(out.flush(client)).isTrue();
            }
            assertThat(server.look()).isTrue();
            came += Math.max(client.receive(in, came, (int) in.byteSize() - came), 0);
        }
        ends(server, in);
        return in;
    }

    /** Asks for all before it takes the first answer. */
    private MemorySegment answersToAllAtOnce(Server server, int answerBytes) {
        SendQueue out = new SendQueue(1, command -> {});
        out.add(
                Arena.ofAuto().allocate((long) REQUESTS * Requests.BYTES),
                0,
                REQUESTS * Requests.BYTES,
                SendQueue.NOBODY);
        while (!out.isEmpty()) {
            assertThat(out.flush(client)).isTrue();
            assertThat(server.look()).isTrue();
        }
        for (int look = 0; look < 100; look++) {
            assertThat(server.look()).isTrue();
        }
        MemorySegment in = Arena.ofAuto().allocate((long) REQUESTS * answerBytes + 1);
        int came = 0;
        while (came < REQUESTS * answerBytes) {
            assertThat(server.look()).isTrue();
            came += Math.max(client.receive(in, came, (int) in.byteSize() - came), 0);
        }
        ends(server, in);
        return in;
    }

    private void ends(Server server, MemorySegment in) {
        for (int look = 0; look < 10; look++) {
            assertThat(server.look()).isTrue();
        }
        assertThat(client.receive(in, in.byteSize() - 1, 1)).isEqualTo(TcpSocket.WOULD_BLOCK);
        client.endOutput();
        while (server.look()) {
            Thread.onSpinWait();
        }
    }

    /** Each is whole, and the one behind the one before it in memory, or the first there. */
    private static void areThoseReady(MemorySegment answers, Answers.Ready ready) {
        int bytes = ready.bytes();
        int number = -1;
        for (int answer = 0; answer < REQUESTS; answer++) {
            MemorySegment one = answers.asSlice((long) answer * bytes, bytes);
            number = one.mismatch(ready.memory().asSlice(0, bytes)) < 0 ? 0 : number + 1;
            assertThat(number).isBetween(0, Requests.COUNT_MAX - 1);
            assertThat(one.mismatch(ready.memory().asSlice((long) number * bytes, bytes)))
                    .as("answer %d, the %d. in memory", answer, number)
                    .isEqualTo(-1);
        }
    }

    /** Each is what is at the place that came next. */
    private void carryTheDrive(MemorySegment answers) {
        Answers.Places same = new Answers.Places(drive, DATA_BYTES);
        for (int answer = 0; answer < REQUESTS; answer++) {
            MemorySegment one = answers.asSlice((long) answer * ANSWER_BYTES, ANSWER_BYTES);
            assertThat(one.asSlice(0, Answers.HEADER_BYTES).mismatch(NO_HEADER)).isEqualTo(-1);
            assertThat(one.asSlice(Answers.HEADER_BYTES).mismatch(drive.asSlice(same.next(), DATA_BYTES)))
                    .as("answer %d", answer)
                    .isEqualTo(-1);
        }
    }

    @Test
    void byCalls() {
        Answers.Ready ready = numbered(DATA_BYTES);
        try (Server server = new CallServer(connections, socket -> Outgoing.of(socket, ready))) {
            areThoseReady(answers(server, ANSWER_BYTES), ready);
        }
    }

    @Test
    void byARing() {
        Answers.Ready ready = numbered(DATA_BYTES);
        try (Server server = new RingServer(connections, ready, false)) {
            areThoseReady(answers(server, ANSWER_BYTES), ready);
        }
    }

    @Test
    void byARingThatPollsFirst() {
        Answers.Ready ready = numbered(DATA_BYTES);
        try (Server server = new RingServer(connections, ready, true)) {
            areThoseReady(answers(server, ANSWER_BYTES), ready);
        }
    }

    /** More requests wait then for one send to end than the next may answer. */
    @Test
    void byARingThatIsAskedForManyAtOnce() {
        Answers.Ready ready = numbered(MANY_BYTES);
        try (Server server = new RingServer(connections, ready, false)) {
            areThoseReady(answersToAllAtOnce(server, ready.bytes()), ready);
        }
    }

    @Test
    void aPeerThatBreaksOffIsTheEndForARing() {
        try (Server server = new RingServer(connections, numbered(DATA_BYTES), false)) {
            assertThat(server.look()).isTrue();
            client.abandon();
            while (server.look()) {
                Thread.onSpinWait();
            }
        }
    }

    /** What listens receives nothing. */
    @Test
    void anotherErrorOfARingIsNotTakenForTheEnd() {
        try (Server server = new RingServer(List.of(port), numbered(DATA_BYTES), false)) {
            assertThatThrownBy(() -> {
                        while (server.look()) {
                            Thread.onSpinWait();
                        }
                    })
                    .isInstanceOf(NativeException.class)
                    .hasMessageContaining("io_uring receive")
                    .hasMessageContaining("ENOTCONN");
        }
    }

    @Test
    void withACopy() {
        Answers staged = new Answers.Staged(places, DATA_BYTES);
        try (Server server = new CallServer(connections, socket -> Outgoing.of(socket, staged))) {
            carryTheDrive(answers(server, ANSWER_BYTES));
        }
    }

    @Test
    void fromTheDrivesMemory() {
        Answers straight = new Answers.Straight(places, DATA_BYTES);
        try (Server server = new CallServer(connections, socket -> Outgoing.of(socket, straight))) {
            carryTheDrive(answers(server, ANSWER_BYTES));
        }
    }

    /** The kernel says of the loopback that it copied all the same; of what never reached a receiver it need not. */
    @Test
    void withoutACopyOfTheKernels() {
        ZeroCopyTally tally = new ZeroCopyTally();
        Answers straight = new Answers.Straight(places, DATA_BYTES);
        try (Server server =
                new CallServer(connections, socket -> Outgoing.of(new ZeroCopyStream(socket, tally), straight))) {
            carryTheDrive(answers(server, ANSWER_BYTES));
        }
        assertThat(tally.copied()).isPositive().isLessThanOrEqualTo(tally.calls());
    }
}
