package io.vnvme.bench.socket;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.os.SendQueue;
import io.vnvme.os.TcpSocket;
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
    private static final int REQUESTS = 200;
    private static final byte DATA = 7;

    private final MemorySegment drive = Arena.ofAuto().allocate(64 << 10, 4096).fill(DATA);
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

    /** Asks in pieces that end within requests, and goes on until all answers are here, and nothing else. */
    private MemorySegment answers(Server server) {
        SendQueue out = new SendQueue(REQUESTS, command -> {});
        MemorySegment requests = Arena.ofAuto().allocate((long) REQUESTS * Requests.BYTES);
        int asked = 0;
        int piece = 100;
        MemorySegment in = Arena.ofAuto().allocate((long) REQUESTS * ANSWER_BYTES + 1);
        int came = 0;
        while (came < REQUESTS * ANSWER_BYTES) {
            int next = Math.min(piece, REQUESTS * Requests.BYTES - asked);
            if (next > 0 && out.isEmpty()) {
                out.add(requests, asked, next, SendQueue.NOBODY);
                asked += next;
                assertThat(out.flush(client)).isTrue();
            }
            assertThat(server.look()).isTrue();
            int count = client.receive(in, came, (int) in.byteSize() - came);
            came += Math.max(count, 0);
        }
        for (int look = 0; look < 10; look++) {
            assertThat(server.look()).isTrue();
        }
        assertThat(client.receive(in, came, 1)).isEqualTo(TcpSocket.WOULD_BLOCK);
        client.endOutput();
        while (server.look()) {
            Thread.onSpinWait();
        }
        return in;
    }

    private void carriesTheDrive(MemorySegment answers) {
        for (int answer = 0; answer < REQUESTS; answer++) {
            long data = (long) answer * ANSWER_BYTES + Answers.HEADER_BYTES;
            assertThat(answers.get(ValueLayout.JAVA_BYTE, data - 1)).isZero();
            assertThat(answers.asSlice(data, DATA_BYTES).mismatch(drive.asSlice(0, DATA_BYTES)))
                    .isEqualTo(-1);
        }
    }

    @Test
    void byCalls() {
        Answers.Ready ready = new Answers.Ready(DATA_BYTES);
        try (Server server = new CallServer(connections, socket -> Outgoing.of(socket, ready))) {
            answers(server);
        }
    }

    @Test
    void byARing() {
        try (Server server = new RingServer(connections, new Answers.Ready(DATA_BYTES), false)) {
            answers(server);
        }
    }

    @Test
    void byARingThatPollsFirst() {
        try (Server server = new RingServer(connections, new Answers.Ready(DATA_BYTES), true)) {
            answers(server);
        }
    }

    @Test
    void withACopy() {
        Answers staged = new Answers.Staged(places, DATA_BYTES);
        try (Server server = new CallServer(connections, socket -> Outgoing.of(socket, staged))) {
            carriesTheDrive(answers(server));
        }
    }

    @Test
    void fromTheDrivesMemory() {
        Answers straight = new Answers.Straight(places, DATA_BYTES);
        try (Server server = new CallServer(connections, socket -> Outgoing.of(socket, straight))) {
            carriesTheDrive(answers(server));
        }
    }

    /** The kernel says of the loopback that it copied all the same; of what never reached a receiver it need not. */
    @Test
    void withoutACopyOfTheKernels() {
        ZeroCopySend.Tally tally = new ZeroCopySend.Tally();
        try (Server server =
                new CallServer(connections, socket -> new ZeroCopySend(socket.fd(), places, DATA_BYTES, tally))) {
            carriesTheDrive(answers(server));
        }
        assertThat(tally.copied()).isPositive().isLessThanOrEqualTo(tally.messages());
    }
}
