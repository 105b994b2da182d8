package io.vnvme.testkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.AsyncEvent;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.FeatureId;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.DriverException;
import io.vnvme.testkit.server.ServedTarget;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a host that keeps to the protocol gets from a target. */
@SuppressWarnings("ByteBufferBackingArray") // all are made by allocate or wrap
class TargetTest {
    private static final int BLOCK = 512;
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final ServedTarget target = ServedTarget.open(64 << 20);

    @AfterEach
    void nothingFailed() {
        target.close();
        assertThat(target.failures()).isEmpty();
    }

    private TcpHost connect(HostOptions options) {
        return TcpHost.connect(target.address(), ServedTarget.NQN, options);
    }

    static List<HostOptions> allWays() {
        HostOptions usual = HostOptions.usual();
        return List.of(
                usual,
                usual.withoutFlowControl(),
                usual.digests(true, false),
                usual.digests(false, true),
                usual.digests(true, true).withoutFlowControl(),
                usual.digests(true, true).aligned(31),
                usual.aligned(15).withoutFlowControl(),
                usual.sending(0, 4096),
                usual.sending(16 << 10, 1 << 20).digests(false, true),
                usual.sending(0, 12345 & ~3).digests(true, true));
    }

    @ParameterizedTest
    @MethodSource("allWays")
    void readsWhatWasWritten(HostOptions options) {
        Random random = new Random(1);
        try (TcpHost host = connect(options)) {
            HostQueue queue = host.ioQueue(128);
            for (int blocks : new int[] {1, 8, 16, 31, 32, 33, 100, 256, 2048}) {
                byte[] data = new byte[blocks * BLOCK];
                random.nextBytes(data);
                long lba = random.nextInt(10_000);
                queue.execute(Command.write(1, lba, blocks), data).orThrow();
                assertThat(queue.read(Command.read(1, lba, blocks), data.length)
                                .orThrow()
                                .data())
                        .isEqualTo(data);
            }
        }
        assertThat(target.drops()).isEmpty();
    }

    @Test
    void keepsManyCommandsOfManyQueuesApart() {
        try (TcpHost host = connect(HostOptions.usual().sending(4096, 8192))) {
            List<HostQueue> queues = new ArrayList<>();
            for (int q = 0; q < 4; q++) {
                queues.add(host.ioQueue(128));
            }
            List<List<Integer>> cids = new ArrayList<>();
            for (HostQueue queue : queues) {
                List<Integer> of = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    // Some have their data in the capsule, some in small buffers, some wait for large ones.
                    int blocks = new int[] {1, 16, 128}[i % 3];
                    byte[] data = pattern(queues.indexOf(queue), i, blocks);
                    of.add(queue.submit(Command.write(1, lba(queues.indexOf(queue), i), blocks), data, 0));
                }
                cids.add(of);
            }
            for (int q = 0; q < queues.size(); q++) {
                for (int cid : cids.get(q)) {
                    queues.get(q).await(cid).orThrow();
                }
            }
            for (int q = 0; q < queues.size(); q++) {
                List<Integer> reads = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    int blocks = new int[] {1, 16, 128}[i % 3];
                    reads.add(queues.get(q).submit(Command.read(1, lba(q, i), blocks), new byte[0], blocks * BLOCK));
                }
                for (int i = 0; i < 100; i++) {
                    assertThat(queues.get(q).await(reads.get(i)).orThrow().data())
                            .isEqualTo(pattern(q, i, new int[] {1, 16, 128}[i % 3]));
                }
            }
        }
    }

    private static long lba(int queue, int i) {
        return (queue * 100L + i) * 128;
    }

    private static byte[] pattern(int queue, int i, int blocks) {
        byte[] data = new byte[blocks * BLOCK];
        new Random(queue * 1000L + i).nextBytes(data);
        return data;
    }

    @Test
    void saysWhatItIs() {
        try (TcpHost host = connect(HostOptions.usual())) {
            ByteBuffer identify = host.identify();
            assertThat(identify.getShort(78) & 0xffff).isEqualTo(host.controllerId());
            assertThat(identify.get(111)).as("CNTRLTYPE").isEqualTo((byte) 1);
            assertThat(identify.getShort(256) & 1 << 8).as("doorbell buffer").isZero();
            assertThat(identify.getShort(320)).as("KAS").isPositive();
            assertThat(identify.getShort(514)).as("MAXCMD").isGreaterThanOrEqualTo((short) 128);
            assertThat(identify.getInt(536) & 3).as("SGLS").isEqualTo(1);
            assertThat(identify.getInt(1792) * 16).as("IOCCSZ").isGreaterThanOrEqualTo(64 + 8192);
            assertThat(identify.getInt(1796)).as("IORCSZ").isEqualTo(1);
            assertThat(identify.getShort(1800)).as("ICDOFF").isZero();
            long cap = host.admin().propertyGet(Registers.CAP, true);
            assertThat(cap & 0xffff).as("MQES").isGreaterThanOrEqualTo(127);
            assertThat(host.admin().propertyGet(Registers.VS, false)).isEqualTo(Registers.VERSION_2_0);
            byte[] namespace =
                    host.admin().read(Command.identify(0, 1), 4096).orThrow().data();
            assertThat(namespace[30]).as("NMIC").isEqualTo((byte) 1);
        }
    }

    @Test
    void refusesCommandsOfOtherTransports() {
        try (TcpHost host = connect(HostOptions.usual())) {
            for (int opcode : new int[] {
                AdminOpcode.CREATE_CQ, AdminOpcode.CREATE_SQ, AdminOpcode.DELETE_SQ, AdminOpcode.DOORBELL_BUFFER_CONFIG
            }) {
                assertThat(host.admin().execute(Command.of(opcode)).completion().status() & 0xff)
                        .isEqualTo(Status.code(Status.INVALID_OPCODE));
            }
            assertThat(status(host.admin().execute(HostQueue.fabrics(Fabrics.CONNECT))))
                    .isEqualTo(Status.typeAndCode(Status.COMMAND_SEQUENCE_ERROR));
            assertThat(status(host.admin().execute(HostQueue.fabrics(Fabrics.DISCONNECT))))
                    .isEqualTo(Status.typeAndCode(Status.INVALID_QUEUE_TYPE));
            assertThat(status(host.admin().execute(HostQueue.fabrics(0x33))))
                    .isEqualTo(Status.typeAndCode(Status.INVALID_OPCODE));
            assertThat(host.admin().propertySet(Registers.AQA, 0).typeAndCode())
                    .isEqualTo(Status.typeAndCode(Status.INVALID_FIELD));
            assertThatThrownBy(() -> host.admin().propertyGet(Registers.CAP, false))
                    .isInstanceOf(DriverException.class);
        }
    }

    private static int status(HostQueue.Result result) {
        return result.completion().typeAndCode();
    }

    @Test
    void wantsLengthsThatAreThoseOfTheCommand() {
        try (TcpHost host = connect(HostOptions.usual())) {
            HostQueue queue = host.ioQueue(32);
            int expected = Status.typeAndCode(Status.SGL_LENGTH_INVALID);
            assertThat(status(queue.read(Command.read(1, 0, 8), 9 * BLOCK))).isEqualTo(expected);
            assertThat(status(queue.read(Command.read(1, 0, 8), 7 * BLOCK))).isEqualTo(expected);
            assertThat(status(queue.execute(Command.write(1, 0, 8), new byte[4 * BLOCK])))
                    .isEqualTo(expected);
            assertThat(status(queue.execute(Command.write(1, 0, 200), new byte[100 * BLOCK])))
                    .isEqualTo(expected);
            assertThat(status(queue.execute(Command.write(1, 0, 8)))).isEqualTo(expected);
            assertThat(status(queue.read(Command.read(1, 0, 4096), 4096 * BLOCK)))
                    .isEqualTo(expected);
            assertThat(status(host.admin().read(Command.getFeature(FeatureId.NUMBER_OF_QUEUES), 4096)))
                    .isEqualTo(expected);
            queue.execute(Command.write(1, 0, 8), new byte[8 * BLOCK]).orThrow();
            // One range of a list that has room for all: so Linux discards.
            queue.execute(Command.of(IoOpcode.DATASET_MANAGEMENT).nsid(1).dword(11, 4), new byte[4096])
                    .orThrow();
        }
        assertThat(target.drops()).isEmpty();
    }

    @Test
    void flowControlMovesTheHeadAsCommandsEnd() {
        try (TcpHost host = connect(HostOptions.usual())) {
            HostQueue queue = host.ioQueue(4);
            List<Integer> heads = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                heads.add(queue.execute(Command.flush(1)).completion().sqHead());
            }
            // Connect took the first entry.
            assertThat(heads).containsExactly(2, 3, 0, 1, 2, 3);
        }
        try (TcpHost host = connect(HostOptions.usual().withoutFlowControl())) {
            assertThat(host.ioQueue(4).execute(Command.flush(1)).completion().sqHead())
                    .isEqualTo(0xffff);
        }
    }

    @Test
    void eventsAndAbort() {
        try (TcpHost host = connect(HostOptions.usual())) {
            HostQueue admin = host.admin();
            admin.execute(Command.setFeature(FeatureId.ASYNC_EVENT_CONFIG, 1 << 8))
                    .orThrow();
            int first = admin.submit(Command.of(AdminOpcode.ASYNC_EVENT_REQUEST), new byte[0], 0);
            int second = admin.submit(Command.of(AdminOpcode.ASYNC_EVENT_REQUEST), new byte[0], 0);
            target.onReactor(() ->
                    target.namespace().controllers().forEach(c -> c.namespaces().changed(1)));
            assertThat(admin.await(first).orThrow().completion().dword0()).isEqualTo(AsyncEvent.NAMESPACE_CHANGED);
            assertThat(admin.execute(Command.abort(0, second))
                            .orThrow()
                            .completion()
                            .dword0())
                    .as("aborted")
                    .isZero();
            assertThat(status(admin.await(second))).isEqualTo(Status.typeAndCode(Status.ABORT_REQUESTED));
            assertThat(admin.execute(Command.abort(0, second))
                            .orThrow()
                            .completion()
                            .dword0())
                    .as("not there any more")
                    .isOne();
        }
    }

    @Test
    void errorLogHasTheHostsIdentifiers() {
        try (TcpHost host = connect(HostOptions.usual())) {
            HostQueue queue = host.ioQueue(32);
            int cid = queue.submit(Command.read(1, 1L << 40, 8), new byte[0], 8 * BLOCK);
            assertThat(status(queue.await(cid))).isEqualTo(Status.typeAndCode(Status.LBA_OUT_OF_RANGE));
            byte[] log = host.admin().read(Command.logPage(1, 64), 64).orThrow().data();
            ByteBuffer entry = ByteBuffer.wrap(log).order(ByteOrder.LITTLE_ENDIAN);
            assertThat(entry.getShort(8)).isEqualTo((short) 1);
            assertThat(entry.getShort(10) & 0xffff).isEqualTo(cid);
        }
    }

    @Test
    void fusedHalvesStayTogether() {
        try (TcpHost host = connect(HostOptions.usual().sending(0, 512))) {
            HostQueue queue = host.ioQueue(64);
            byte[] zeros = new byte[BLOCK];
            byte[] ones = new byte[BLOCK];
            Arrays.fill(ones, (byte) 1);
            Command compare = Command.of(IoOpcode.COMPARE).nsid(1).range(0, 1).fuse(Sqe.FUSE_FIRST);
            int first = queue.submit(compare, zeros, 0);
            int second = queue.submit(Command.write(1, 0, 1).fuse(Sqe.FUSE_SECOND), ones, 0);
            // Data of these is in nobody's way, that of the pair is asked for first: they overtake.
            int other = queue.submit(Command.flush(1), new byte[0], 0);
            queue.await(other).orThrow();
            queue.await(first).orThrow();
            queue.await(second).orThrow();
            assertThat(queue.read(Command.read(1, 0, 1), BLOCK).orThrow().data())
                    .isEqualTo(ones);
            int again = queue.submit(
                    Command.of(IoOpcode.COMPARE).nsid(1).range(0, 1).fuse(Sqe.FUSE_FIRST), zeros, 0);
            int dependent = queue.submit(Command.write(1, 0, 1).fuse(Sqe.FUSE_SECOND), zeros, 0);
            assertThat(status(queue.await(again))).isEqualTo(Status.typeAndCode(Status.COMPARE_FAILURE));
            assertThat(status(queue.await(dependent))).isEqualTo(Status.typeAndCode(Status.ABORTED_FAILED_FUSED));
            int lonely = queue.submit(
                    Command.of(IoOpcode.COMPARE).nsid(1).range(0, 1).fuse(Sqe.FUSE_FIRST), ones, 0);
            queue.execute(Command.flush(1)).orThrow();
            assertThat(status(queue.await(lonely))).isEqualTo(Status.typeAndCode(Status.ABORTED_MISSING_FUSED));
        }
    }

    @Test
    void disablingEndsTheQueuesAndNotTheAssociation() {
        try (TcpHost host = connect(HostOptions.usual())) {
            HostQueue queue = host.ioQueue(32);
            queue.execute(Command.write(1, 0, 1), new byte[BLOCK]).orThrow();
            host.admin().submit(Command.of(AdminOpcode.ASYNC_EVENT_REQUEST), new byte[0], 0);
            host.disable();
            assertThat(status(host.admin().execute(Command.of(AdminOpcode.KEEP_ALIVE))))
                    .isEqualTo(Status.typeAndCode(Status.COMMAND_SEQUENCE_ERROR));
            host.enable();
            host.ioQueue(32).read(Command.read(1, 0, 1), BLOCK).orThrow();
            assertThat(target.target().connected()).hasSize(1);
        }
        await().atMost(LIMIT).until(() -> target.target().connected().isEmpty());
    }

    @Test
    void disconnectEndsOneQueueAndConnectMakesItAnew() {
        try (TcpHost host = connect(HostOptions.usual())) {
            HostQueue one = host.ioQueue(32);
            HostQueue two = host.ioQueue(32);
            one.execute(HostQueue.fabrics(Fabrics.DISCONNECT)).orThrow();
            assertThat(one.channel().next()).isEmpty();
            two.execute(Command.flush(1)).orThrow();
            HostQueue again = HostQueue.greet(target.address(), HostOptions.usual());
            again.connect(ServedTarget.NQN, 1, 32, host.controllerId()).orThrow();
            again.execute(Command.flush(1)).orThrow();
            again.close();
        }
    }

    @Test
    void refusesConnectsThatMakeNoSense() {
        HostOptions usual = HostOptions.usual();
        assertRefused(usual, "nqn.2026-01.io.vnvme:other", 0, 32, 0xffff, Status.CONNECT_INVALID_PARAMETERS, 0x10100);
        assertRefused(usual, ServedTarget.NQN, 0, 32, 1, Status.CONNECT_INVALID_PARAMETERS, 0x10010);
        assertRefused(usual, ServedTarget.NQN, 0, 1, 0xffff, Status.CONNECT_INVALID_PARAMETERS, 44);
        assertRefused(usual, ServedTarget.NQN, 0, 4096, 0xffff, Status.CONNECT_INVALID_PARAMETERS, 44);
        // Linux gives up the drive when told not to retry, and its controller may have ended just now.
        int retried = Status.CONNECT_INVALID_PARAMETERS & ~Status.DNR;
        assertRefused(usual, ServedTarget.NQN, 1, 32, 77, retried, 0x10010);
        try (TcpHost host = connect(usual)) {
            int id = host.controllerId();
            assertRefused(usual, ServedTarget.NQN, 65, 32, id, Status.CONNECT_INVALID_PARAMETERS, 42);
            HostOptions stranger = usual.named("nqn.2026-01.io.vnvme:stranger", usual.hostId());
            assertRefused(stranger, ServedTarget.NQN, 1, 32, id, Status.CONNECT_INVALID_PARAMETERS, 0x10200);
            HostOptions twin = usual.named(usual.hostNqn(), new UUID(9, 9));
            assertRefused(twin, ServedTarget.NQN, 1, 32, id, Status.CONNECT_INVALID_PARAMETERS, 0x10000);
            host.ioQueue(32);
            assertRefused(usual, ServedTarget.NQN, 1, 32, id, Status.COMMAND_SEQUENCE_ERROR, 0);
        }
        assertThat(target.refusals()).hasSize(1);
    }

    private void assertRefused(
            HostOptions options, String nqn, int queueId, int entries, int controllerId, int status, int result) {
        try (HostQueue queue = HostQueue.greet(target.address(), options)) {
            Completion answer = queue.connect(nqn, queueId, entries, controllerId);
            assertThat(answer.typeAndCode()).isEqualTo(Status.typeAndCode(status));
            assertThat(answer.status() & Status.DNR).isEqualTo(status & Status.DNR);
            assertThat(answer.dword0()).isEqualTo(result);
            assertThat(queue.channel().next()).as("it is let go").isEmpty();
        }
    }

    @Test
    void aHostThatIsDeniedGoesAndDoesNotComeBack() {
        HostOptions usual = HostOptions.usual();
        try (TcpHost host = connect(usual)) {
            host.ioQueue(32);
            target.deny(usual.hostNqn());
            assertThat(host.admin().channel().next()).isEmpty();
            assertRefused(usual, ServedTarget.NQN, 0, 32, 0xffff, Status.CONNECT_INVALID_HOST, 0);
        }
        assertThat(target.endings()).containsExactly("the host is not allowed any more");
        assertThat(target.refusals()).hasSize(1);
        assertThat(target.target().refusals()).isOne();
    }

    @Test
    void aHostOfASubsystemThatIsAwayIsToComeAgain() {
        String nqn = "nqn.2026-01.io.vnvme:away";
        assertRefused(HostOptions.usual(), nqn, 0, 32, 0xffff, Status.CONNECT_INVALID_PARAMETERS, 0x10100);
        target.away(nqn);
        assertRefused(HostOptions.usual(), nqn, 0, 32, 0xffff, Status.CONNECT_CONTROLLER_BUSY, 0);
        assertThat(target.refusals()).hasSize(1);
    }

    @Test
    void aHostThatKeepsSilentIsGoneWhenItsTimeIsOver() {
        try (TcpHost host = connect(HostOptions.usual().keepAlive(200))) {
            host.ioQueue(32);
            await().atMost(LIMIT).until(() -> target.endings().contains("keep alive timer expired"));
            assertThat(host.admin().channel().next()).isEmpty();
        }
        await().atMost(LIMIT).until(() -> target.target().connected().isEmpty());
    }

    @Test
    void discoveryNamesWhatTheHostMayConnectTo() {
        HostOptions usual = HostOptions.usual();
        try (TcpHost host = TcpHost.connect(target.address(), Fabrics.DISCOVERY_NQN, usual.keepAlive(60_000))) {
            assertThat(host.identify().get(111)).as("CNTRLTYPE").isEqualTo((byte) 2);
            ByteBuffer log = discoveryLog(host);
            assertThat(log.getLong(8)).isOne();
            assertThat(log.get(1024)).as("TRTYPE").isEqualTo((byte) 3);
            assertThat(text(log, 1024 + 32, 32).strip())
                    .isEqualTo(Integer.toString(target.address().getPort()));
            assertThat(text(log, 1024 + 256, ServedTarget.NQN.length() + 1)).isEqualTo(ServedTarget.NQN + "\0");
            assertThat(text(log, 1024 + 512, 256).strip()).isEqualTo("127.0.0.1");

            host.admin()
                    .execute(Command.setFeature(FeatureId.ASYNC_EVENT_CONFIG, 1 << 31))
                    .orThrow();
            int event = host.admin().submit(Command.of(AdminOpcode.ASYNC_EVENT_REQUEST), new byte[0], 0);
            target.deny(usual.hostNqn());
            assertThat(host.admin().await(event).orThrow().completion().dword0())
                    .isEqualTo(AsyncEvent.DISCOVERY_LOG_CHANGED);
            ByteBuffer changed = discoveryLog(host);
            assertThat(changed.getLong(8)).isZero();
            assertThat(changed.getLong(0)).isGreaterThan(log.getLong(0));
            assertThatThrownBy(() -> host.ioQueue(32)).isInstanceOf(DriverException.class);
        }
    }

    @Test
    void discoveryNamesOthersToAsk() throws UnknownHostException {
        target.target()
                .referrals(List.of(
                        new InetSocketAddress(InetAddress.getByName("192.0.2.6"), 8009),
                        new InetSocketAddress(InetAddress.getByName("2001:db8::6"), 4420)));
        try (TcpHost host = TcpHost.connect(target.address(), Fabrics.DISCOVERY_NQN, HostOptions.usual())) {
            ByteBuffer log = ByteBuffer.wrap(host.admin()
                            .read(Command.logPage(0x70, 4096), 4096)
                            .orThrow()
                            .data())
                    .order(ByteOrder.LITTLE_ENDIAN);
            assertThat(log.getLong(8)).isEqualTo(3);
            for (int at : new int[] {2048, 3072}) {
                assertThat(log.get(at + 2)).as("SUBTYPE: referral").isOne();
                assertThat(text(log, at + 256, Fabrics.DISCOVERY_NQN.length() + 1))
                        .isEqualTo(Fabrics.DISCOVERY_NQN + "\0");
            }
            assertThat(log.get(2048 + 1)).as("ADRFAM").isOne();
            assertThat(text(log, 2048 + 32, 32).strip()).isEqualTo("8009");
            assertThat(text(log, 2048 + 512, 256).strip()).isEqualTo("192.0.2.6");
            assertThat(log.get(3072 + 1)).as("ADRFAM").isEqualTo((byte) 2);
            assertThat(text(log, 3072 + 512, 256).strip()).isEqualTo("2001:db8:0:0:0:0:0:6");
        }
    }

    private static ByteBuffer discoveryLog(TcpHost host) {
        byte[] log =
                host.admin().read(Command.logPage(0x70, 2048), 2048).orThrow().data();
        return ByteBuffer.wrap(log).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static String text(ByteBuffer buffer, int at, int length) {
        return new String(buffer.array(), at, length, StandardCharsets.US_ASCII);
    }
}
