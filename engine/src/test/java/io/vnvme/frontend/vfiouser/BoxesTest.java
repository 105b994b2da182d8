package io.vnvme.frontend.vfiouser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.handover.Holder;
import io.vnvme.os.EventFd;
import io.vnvme.os.FdQueue;
import io.vnvme.os.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@link Inbox} and {@link Outbox} over a pair of sockets. */
@SuppressWarnings("try") // closing early is what is tested
class BoxesTest {
    private final UnixSocket[] pair = UnixSocket.pair();
    private final UnixSocket client = pair[0];
    private final UnixSocket server = pair[1];
    private final ConnectionState state = new ConnectionState();
    private final MemorySegment raw = Arena.ofAuto().allocate(1 << 20, 8);

    @BeforeEach
    void doNotWait() {
        client.blocking(false);
        server.blocking(false);
    }

    @AfterEach
    void close() {
        client.close();
        server.close();
        state.close();
    }

    @Test
    void messageInPieces() {
        try (Inbox inbox = new Inbox(server, state, Holder.NONE)) {
            Header.write(raw, 7, 9, 20, 0, 0);
            raw.set(Wire.INT, 16, 0x12345678);
            for (int i = 0; i < 20; i++) {
                assertThat(inbox.receive()).isEqualTo(Inbox.State.PARTIAL);
                client.send(raw, i, 1);
            }
            assertThat(inbox.receive()).isEqualTo(Inbox.State.MESSAGE);
            assertThat(Header.id(inbox.header())).isEqualTo(7);
            assertThat(Header.command(inbox.header())).isEqualTo(9);
            assertThat(inbox.body().byteSize()).isEqualTo(4);
            assertThat(inbox.body().get(Wire.INT, 0)).isEqualTo(0x12345678);
            inbox.done();
            client.close();
            assertThat(inbox.receive()).isEqualTo(Inbox.State.END);
        }
    }

    @Test
    void descriptorsBelongToTheirMessage() {
        try (Inbox inbox = new Inbox(server, state, Holder.NONE);
                EventFd event = EventFd.create()) {
            int[] fd = {event.fd().number()};
            for (int id = 0; id < 3; id++) {
                Header.write(raw, id, 2, 24, 0, 0);
                client.send(raw, 0, 24, id == 1 ? new int[0] : fd);
            }
            for (int id = 0; id < 3; id++) {
                assertThat(inbox.receive()).isEqualTo(Inbox.State.MESSAGE);
                assertThat(Header.id(inbox.header())).isEqualTo(id);
                assertThat(inbox.fds().size()).isEqualTo(id == 1 ? 0 : 1);
                inbox.done();
            }
        }
    }

    @Test
    void sizesThatNoMessageHas() {
        for (int size : new int[] {0, 15, Inbox.MESSAGE_MAX_BYTES + 1, -1}) {
            UnixSocket[] other = UnixSocket.pair();
            try (UnixSocket from = other[0];
                    UnixSocket to = other[1];
                    Inbox inbox = new Inbox(to, state, Holder.NONE)) {
                to.blocking(false);
                Header.write(raw, 1, 1, size, 0, 0);
                from.send(raw, 0, 16);
                assertThatThrownBy(inbox::receive).isInstanceOf(ConnectionException.class);
            }
        }
    }

    @Test
    void largeMessage() {
        try (Inbox inbox = new Inbox(server, state, Holder.NONE)) {
            int size = 100_000;
            Header.write(raw, 1, 10, size, 0, 0);
            raw.set(ValueLayout.JAVA_BYTE, size - 1, (byte) 5);
            int sent = 0;
            while (sent < size) {
                int count = client.send(raw, sent, size - sent);
                sent += Math.max(count, 0);
                inbox.receive();
            }
            assertThat(inbox.body().byteSize()).isEqualTo(size - 16);
            assertThat(inbox.body().get(ValueLayout.JAVA_BYTE, size - 17)).isEqualTo((byte) 5);
        }
    }

    @Test
    void whatTheSocketDoesNotTakeIsKeptInOrderWithItsDescriptors() {
        Outbox outbox = new Outbox(server, state);
        try (EventFd event = EventFd.create();
                FdQueue fds = new FdQueue(4)) {
            outbox.attach(event.fd().number());
            int messages = 0;
            while (!outbox.full()) {
                MemorySegment message = outbox.reserve(2000);
                Header.write(message, messages, 4, 2000, 1, 0);
                if (messages % 10 == 3) {
                    outbox.commitWithFd(2000);
                } else {
                    outbox.commit(2000);
                }
                outbox.publish(messages & 0x7ff);
                messages++;
                assertThat(outbox.flush()).isTrue();
            }
            for (int id = 0; id < messages; id++) {
                int received = 0;
                while (received < 2000) {
                    int wanted = received < 16 ? 16 - received : 2000 - received;
                    int count = client.receive(raw, received, wanted, fds);
                    if (count == UnixSocket.WOULD_BLOCK) {
                        assertThat(outbox.flush()).isTrue();
                    } else {
                        received += count;
                    }
                }
                assertThat(Header.id(raw)).isEqualTo(id);
                assertThat(fds.size()).isEqualTo(id % 10 == 3 ? 1 : 0);
                fds.close();
            }
            assertThat(outbox.flush()).isTrue();
            assertThat(outbox.pendingBytes()).isZero();
            client.close();
            outbox.reserve(16);
            outbox.commit(16);
            outbox.publish(0);
            assertThat(outbox.flush()).isFalse();
        }
    }
}
