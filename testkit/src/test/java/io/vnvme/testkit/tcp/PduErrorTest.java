package io.vnvme.testkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.server.ServedTarget;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** PDUs on the wire, byte for byte, and what a target answers to those that are none. */
@SuppressWarnings("ByteBufferBackingArray") // all are made by allocate or wrap
class PduErrorTest {
    private static final int INVALID_FIELD = 1;
    private static final int SEQUENCE = 2;
    private static final int HEADER_DIGEST = 3;
    private static final int DATA_RANGE = 4;
    private static final int UNSUPPORTED = 6;

    private static final int BLOCK = 512;

    private final ServedTarget target = ServedTarget.open(16 << 20);

    @AfterEach
    void nothingFailed() {
        target.close();
        assertThat(target.failures()).isEmpty();
    }

    @Test
    void greetsAsTheSpecificationShows() {
        try (PduChannel channel = PduChannel.connect(target.address())) {
            byte[] request = new byte[128];
            System.arraycopy(HexFormat.of().parseHex("00008000800000000000000300000000"), 0, request, 0, 16);
            channel.send(request, 0, 128);
            byte[] answer = channel.expect(HostPdu.IC_RESP).bytes().array();
            byte[] expected = new byte[128];
            System.arraycopy(HexFormat.of().parseHex("01008000800000000000000300001000"), 0, expected, 0, 16);
            assertThat(answer).isEqualTo(expected);
        }
    }

    @Test
    void answersAsTheSpecificationShows() {
        HostOptions options = HostOptions.usual();
        try (TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, options);
                HostQueue queue = host.ioQueue(32)) {
            // A read of one block, identifier ABCDh.
            byte[] capsule = new byte[72];
            byte[] bytes = HexFormat.of()
                    .parseHex("04004800480000000240cdab01000000" + "00000000000000000000000000000000"
                            + "0000000000000000000200000000005a" + "00000000000000000000000000000000");
            System.arraycopy(bytes, 0, capsule, 0, bytes.length);
            queue.channel().send(capsule, 0, capsule.length);
            ByteBuffer data = queue.channel().expect(HostPdu.C2H_DATA).bytes();
            assertThat(hex(data, 0, 24))
                    .isEqualTo("070418181802" + "0000" + "cdab0000" + "00000000" + "00020000" + "00000000");
            ByteBuffer response = queue.channel().expect(HostPdu.CAPSULE_RESP).bytes();
            assertThat(hex(response, 0, 24))
                    .isEqualTo("0500180018000000" + "0000000000000000" + "0200" + "0100" + "cdab" + "0000");
            // A write of 32 KiB is asked for.
            capsule[8] = 1;
            capsule[8 + 33] = (byte) 0x80;
            capsule[8 + 48] = 63;
            queue.channel().send(capsule, 0, capsule.length);
            ByteBuffer ready = queue.channel().expect(HostPdu.R2T).bytes();
            assertThat(hex(ready, 0, 10)).isEqualTo("09001800180000" + "00" + "cdab");
            assertThat(hex(ready, 12, 12)).isEqualTo("00000000" + "00800000" + "00000000");
        }
    }

    private static String hex(ByteBuffer bytes, int from, int length) {
        return HexFormat.of().formatHex(bytes.array(), from, from + length);
    }

    @Test
    void refusesGreetingsThatAreNone() {
        greeting(pdu -> pdu.putShort(8, (short) 1), UNSUPPORTED, 8);
        greeting(pdu -> pdu.put(10, (byte) 32), INVALID_FIELD, 10);
        greeting(pdu -> pdu.put(2, (byte) 72), INVALID_FIELD, 2);
        greeting(pdu -> pdu.putInt(4, 127), INVALID_FIELD, 4);
        greeting(pdu -> pdu.putInt(4, 129), INVALID_FIELD, 4);
        greeting(pdu -> pdu.putInt(4, -1), INVALID_FIELD, 4);
        greeting(pdu -> pdu.put(0, (byte) 1), INVALID_FIELD, 0);
        greeting(pdu -> pdu.put(0, (byte) 0xff), INVALID_FIELD, 0);
        greeting(
                pdu -> {
                    pdu.put(0, (byte) 4).put(2, (byte) 72);
                    pdu.putInt(4, 72);
                },
                SEQUENCE,
                0);
    }

    private void greeting(Consumer<ByteBuffer> change, int status, int information) {
        try (PduChannel channel = PduChannel.connect(target.address())) {
            ByteBuffer pdu = HostPdu.icReq(HostOptions.usual());
            change.accept(pdu);
            channel.send(pdu);
            assertTerminated(channel, status, information, pdu);
        }
    }

    private static void assertTerminated(PduChannel channel, int status, int information, ByteBuffer refused) {
        PduChannel.Received answer = channel.expect(HostPdu.C2H_TERM_REQ);
        assertThat(answer.fatalStatus()).isEqualTo(status);
        assertThat(answer.fatalInformation()).isEqualTo(information);
        int repeated = answer.bytes().capacity() - 24;
        assertThat(repeated).isBetween(8, 128);
        assertThat(hex(answer.bytes(), 24, Math.min(repeated, refused.capacity())))
                .isEqualTo(hex(refused, 0, Math.min(repeated, refused.capacity())));
        assertThat(channel.next()).isEmpty();
    }

    @Test
    void wantsConnectFirst() {
        try (HostQueue queue = HostQueue.greet(target.address(), HostOptions.usual())) {
            assertThat(queue.execute(Command.of(AdminOpcode.KEEP_ALIVE))
                            .completion()
                            .typeAndCode())
                    .isEqualTo(Status.typeAndCode(Status.COMMAND_SEQUENCE_ERROR));
            assertThat(queue.channel().next()).isEmpty();
        }
        try (HostQueue queue = HostQueue.greet(target.address(), HostOptions.usual())) {
            ByteBuffer again = HostPdu.icReq(HostOptions.usual());
            queue.channel().send(again);
            assertTerminated(queue.channel(), SEQUENCE, 0, again);
        }
        try (HostQueue queue = HostQueue.greet(target.address(), HostOptions.usual())) {
            ByteBuffer data = queue.h2cData(1, 1, 0, new byte[8], true);
            queue.channel().send(data);
            assertTerminated(queue.channel(), SEQUENCE, 0, data);
        }
    }

    @Test
    void endsTheConnectionForDataThatNobodyAskedFor() {
        data((queue, tag) -> queue.h2cData(0x7777, tag + 1, 0, new byte[BLOCK], false), INVALID_FIELD, 10);
        data((queue, tag) -> queue.h2cData(0x7778, tag, 0, new byte[BLOCK], false), INVALID_FIELD, 8);
        data((queue, tag) -> queue.h2cData(0x7777, tag, 4, new byte[BLOCK], false), DATA_RANGE, 12);
        data((queue, tag) -> queue.h2cData(0x7777, tag, 0, new byte[40 << 10], true), DATA_RANGE, 12);
        data((queue, tag) -> queue.h2cData(0x7777, tag, 0, new byte[BLOCK], true), INVALID_FIELD, 1);
        data((queue, tag) -> queue.h2cData(0x7777, tag, 0, new byte[32 << 10], false), INVALID_FIELD, 1);
        data((queue, tag) -> queue.h2cData(0x7777, tag, 0, new byte[0], false), INVALID_FIELD, 16);
        data(
                (queue, tag) -> {
                    ByteBuffer pdu = queue.h2cData(0x7777, tag, 0, new byte[BLOCK], false);
                    return pdu.putInt(16, BLOCK - 4);
                },
                INVALID_FIELD,
                16);
        data(
                (queue, tag) ->
                        queue.h2cData(0x7777, tag, 0, new byte[BLOCK], false).put(3, (byte) 20),
                INVALID_FIELD,
                3);
    }

    private interface DataPdu {
        ByteBuffer make(HostQueue queue, int tag);
    }

    /** A write of 32 KiB, identifier 7777h, that is asked for and gets something else. */
    private void data(DataPdu pdu, int status, int information) {
        try (TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual());
                HostQueue queue = host.ioQueue(32)) {
            Command write = Command.write(1, 0, 64).cid(0x7777).data(0, 32 << 10 | 0x5aL << 56, 1);
            queue.channel().send(queue.capsule(write, new byte[0]));
            int tag = queue.channel().expect(HostPdu.R2T).bytes().getShort(10);
            ByteBuffer sent = pdu.make(queue, tag);
            queue.channel().send(sent);
            assertTerminated(queue.channel(), status, information, sent);
            host.admin().execute(Command.of(AdminOpcode.KEEP_ALIVE)).orThrow();
        }
    }

    @Test
    void wrongHeaderDigestsEndTheConnection() {
        HostOptions options = HostOptions.usual().digests(true, false);
        try (TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, options);
                HostQueue queue = host.ioQueue(32)) {
            ByteBuffer capsule = queue.capsule(Command.flush(1).data(0, 0x5aL << 56, 1), new byte[0]);
            capsule.put(20, (byte) 1);
            queue.channel().send(capsule);
            assertTerminated(queue.channel(), HEADER_DIGEST, capsule.getInt(72), capsule);
        }
        try (TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, options);
                HostQueue queue = host.ioQueue(32)) {
            ByteBuffer capsule = queue.capsule(Command.flush(1).data(0, 0x5aL << 56, 1), new byte[0]);
            capsule.put(1, (byte) 0);
            queue.channel().send(capsule);
            assertTerminated(queue.channel(), INVALID_FIELD, 1, capsule);
        }
    }

    @Test
    void wrongDataDigestsCostTheCommandOnly() {
        HostOptions options = HostOptions.usual().digests(false, true);
        try (TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, options);
                HostQueue queue = host.ioQueue(32)) {
            queue.execute(Command.write(1, 0, 1), block(1)).orThrow();
            Command write = Command.write(1, 0, 1).cid(0x1111).data(0, BLOCK | 0x01L << 56, 1);
            ByteBuffer capsule = queue.capsule(write, block(2));
            capsule.put(100, (byte) 3);
            queue.channel().send(capsule);
            ByteBuffer response = queue.channel().expect(HostPdu.CAPSULE_RESP).bytes();
            assertThat((response.getShort(22) & 0xffff) >>> 1).isEqualTo(Status.TRANSIENT_TRANSPORT_ERROR);
            // One of two parts of a larger one.
            write = Command.write(1, 0, 64).cid(0x2222).data(0, 32 << 10 | 0x5aL << 56, 1);
            queue.channel().send(queue.capsule(write, new byte[0]));
            int tag = queue.channel().expect(HostPdu.R2T).bytes().getShort(10);
            ByteBuffer first = queue.h2cData(0x2222, tag, 0, new byte[16 << 10], false);
            first.put(100, (byte) 3);
            queue.channel().send(first);
            queue.channel().send(queue.h2cData(0x2222, tag, 16 << 10, new byte[16 << 10], true));
            response = queue.channel().expect(HostPdu.CAPSULE_RESP).bytes();
            assertThat((response.getShort(22) & 0xffff) >>> 1).isEqualTo(Status.TRANSIENT_TRANSPORT_ERROR);
            assertThat(queue.read(Command.read(1, 0, 1), BLOCK).orThrow().data())
                    .isEqualTo(block(1));
        }
    }

    private static byte[] block(int value) {
        byte[] block = new byte[BLOCK];
        Arrays.fill(block, (byte) value);
        return block;
    }

    @Test
    void moreCommandsThanEntriesEndTheConnection() {
        try (TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual());
                HostQueue queue = host.ioQueue(4)) {
            ByteBuffer last = HostPdu.icReq(HostOptions.usual());
            for (int i = 0; i < 5; i++) {
                // None of them gets its data, so none ends.
                last = queue.capsule(Command.write(1, 0, 8).cid(i).data(0, 4096 | 0x5aL << 56, 1), new byte[0]);
                queue.channel().send(last);
            }
            for (int i = 0; i < 4; i++) {
                queue.channel().expect(HostPdu.R2T);
            }
            assertTerminated(queue.channel(), SEQUENCE, 0, last);
        }
    }

    @Test
    void aHostThatTerminatesIsLetGo() {
        try (TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual())) {
            ByteBuffer term = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
            HostPdu.common(term, HostPdu.H2C_TERM_REQ, 0, 24, 0, 24);
            host.admin().channel().send(term);
            assertThat(host.admin().channel().next()).isEmpty();
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> target.target().connected().isEmpty());
        }
    }

    /** Each is let in for a while; the newest have the room, and a host that has something to say is served among them. */
    @Test
    void connectionsThatSayNothingAreInNobodysWay() {
        List<PduChannel> silent = new ArrayList<>();
        try (TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual());
                HostQueue queue = host.ioQueue(32)) {
            for (int i = 0; i < 700; i++) {
                silent.add(PduChannel.connect(target.address()));
                if (i % 100 == 0) {
                    queue.execute(Command.write(1, 0, 1), block(i)).orThrow();
                }
            }
            try (TcpHost another = TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual())) {
                another.admin().execute(Command.of(AdminOpcode.KEEP_ALIVE)).orThrow();
            }
            assertThat(target.target().drops()).isGreaterThanOrEqualTo(700 - 512);
        } finally {
            silent.forEach(PduChannel::close);
        }
    }

    /** A byte at a time is as good as any. */
    @Test
    void takesPdusInAnyPieces() {
        HostOptions options = HostOptions.usual().digests(true, true);
        try (TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, options);
                HostQueue queue = host.ioQueue(32)) {
            for (int piece : new int[] {1, 7, 8, 71, 72, 73, 76, 77, 500}) {
                Command write = Command.write(1, 0, 1).cid(piece).data(0, BLOCK | 0x01L << 56, 1);
                ByteBuffer capsule = queue.capsule(write, block(piece));
                for (int at = 0; at < capsule.capacity(); at += piece) {
                    queue.channel().send(capsule.array(), at, Math.min(piece, capsule.capacity() - at));
                }
                ByteBuffer response =
                        queue.channel().expect(HostPdu.CAPSULE_RESP).bytes();
                assertThat(response.getShort(22)).isZero();
                assertThat(queue.read(Command.read(1, 0, 1), BLOCK).orThrow().data())
                        .isEqualTo(block(piece));
            }
        }
    }
}
