package io.vnvme.testkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vnvme.fabrics.auth.AuthException;
import io.vnvme.fabrics.auth.ChapKey;
import io.vnvme.fabrics.auth.ChapTerms;
import io.vnvme.fabrics.auth.DhGroup;
import io.vnvme.fabrics.auth.DhHash;
import io.vnvme.fabrics.auth.HostExchange;
import io.vnvme.fabrics.auth.HostExchange.Credentials;
import io.vnvme.frontend.tcp.HostTerms;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.DriverException;
import io.vnvme.testkit.seed.FuzzLoop;
import io.vnvme.testkit.server.ServedTarget;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Hosts that have to show who they are. */
class AuthenticationTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int BLOCK = 512;

    private final SecureRandom random = new SecureRandom();
    private final ChapKey hostKey = ChapKey.generate(Optional.of(DhHash.SHA_256), random);
    private final ChapKey controllerKey = ChapKey.generate(Optional.of(DhHash.SHA_512), random);
    private final Credentials right = new Credentials(hostKey, Optional.of(controllerKey));
    private final ServedTarget target = ServedTarget.open(64 << 20);

    @AfterEach
    void nothingFailed() {
        target.close();
        assertThat(target.failures()).isEmpty();
    }

    private void require(ChapKey key) {
        target.terms(new HostTerms(
                true, Optional.of(new ChapTerms(key, Optional.of(controllerKey), Optional.empty(), Optional.empty()))));
    }

    private TcpHost connect(Credentials credentials) {
        return TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual(), credentials);
    }

    private HostQueue unauthenticated() {
        HostQueue queue = HostQueue.greet(target.address(), HostOptions.usual());
        int answer = queue.connect(ServedTarget.NQN, 0, 32, Fabrics.CNTLID_DYNAMIC)
                .orThrow()
                .dword0();
        assertThat(answer & Fabrics.AUTHENTICATION_REQUIRED).isNotZero();
        return queue;
    }

    private static HostAuth auth(HostQueue queue) {
        return new HostAuth(queue, HostOptions.HOST_NQN, ServedTarget.NQN);
    }

    private static void assertStatus(Completion completion, int status) {
        assertThat(completion.typeAndCode()).isEqualTo(Status.typeAndCode(status));
    }

    @Test
    void withTheKeyAHostHasItsQueues() {
        require(hostKey);
        try (TcpHost host = connect(right)) {
            HostQueue queue = host.ioQueue(16);
            byte[] data = new byte[BLOCK];
            Arrays.fill(data, (byte) 5);
            queue.execute(Command.write(1, 3, 1), data).orThrow();
            assertThat(queue.read(Command.read(1, 3, 1), BLOCK).orThrow().data())
                    .isEqualTo(data);
        }
        assertThat(target.refusals()).isEmpty();
    }

    /** The reply of the largest group is longer than what this host sends in a capsule: it is asked for. */
    @Test
    void ofEachGroupAndHash() {
        for (DhGroup group : DhGroup.values()) {
            DhHash hash = DhHash.of(1 + group.id() % 3).orElseThrow();
            target.terms(new HostTerms(
                    true,
                    Optional.of(new ChapTerms(hostKey, Optional.empty(), Optional.of(hash), Optional.of(group)))));
            try (TcpHost host = connect(new Credentials(hostKey, Optional.empty()))) {
                assertThat(host.controllerId()).isPositive();
            }
        }
    }

    @Test
    void nothingElseIsDoneForWhoHasNotShownIt() {
        require(hostKey);
        try (HostQueue queue = unauthenticated()) {
            assertStatus(queue.propertySet(Registers.CC, 0x0046_0001), Status.AUTHENTICATION_REQUIRED);
            assertStatus(queue.execute(Command.identify(1, 0)).completion(), Status.AUTHENTICATION_REQUIRED);
            assertStatus(
                    queue.execute(HostQueue.fabrics(Fabrics.DISCONNECT)).completion(), Status.AUTHENTICATION_REQUIRED);
            auth(queue).run(right);
            queue.propertySet(Registers.CC, 0x0046_0001).orThrow();
        }
    }

    @Test
    void withAnotherKeyItIsRefusedByName() {
        require(hostKey);
        Credentials wrong = new Credentials(ChapKey.generate(Optional.empty(), random), Optional.empty());
        try (HostQueue queue = unauthenticated()) {
            assertThatThrownBy(() -> auth(queue).run(wrong)).isInstanceOf(AuthException.class);
            assertThat(queue.channel().next()).isEmpty();
        }
        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(target.endings()).containsExactly("the host did not authenticate"));
        assertThat(target.refusals())
                .singleElement()
                .asString()
                .contains(HostOptions.HOST_NQN, "queue 0", "does not have the host's key");
        assertThat(target.target().refusals()).isEqualTo(1);
    }

    @Test
    void aControllerWithAnotherKeyLosesTheHost() {
        require(hostKey);
        try (HostQueue queue = unauthenticated()) {
            Credentials doubting = new Credentials(hostKey, Optional.of(hostKey));
            assertThatThrownBy(() -> auth(queue).run(doubting)).isInstanceOf(AuthException.class);
            assertThat(queue.channel().next()).isEmpty();
        }
        assertThat(target.refusals()).singleElement().asString().contains("the host refuses the controller");
    }

    @Test
    void anIoQueueIsAuthenticatedToo() {
        require(hostKey);
        try (TcpHost host = connect(right);
                HostQueue queue = HostQueue.greet(target.address(), HostOptions.usual())) {
            queue.connect(ServedTarget.NQN, 1, 16, host.controllerId()).orThrow();
            assertStatus(queue.read(Command.read(1, 0, 1), BLOCK).completion(), Status.AUTHENTICATION_REQUIRED);
            auth(queue).run(right);
            queue.read(Command.read(1, 0, 1), BLOCK).orThrow();
        }
    }

    /** A key is changed without a host losing its drive: it authenticates again, on queues that go on meanwhile. */
    @Test
    void itIsDoneAgainWithTheKeyOfThen() {
        require(hostKey);
        try (TcpHost host = connect(right)) {
            HostQueue queue = host.ioQueue(16);
            ChapKey next = ChapKey.generate(Optional.empty(), random);
            require(next);
            queue.read(Command.read(1, 0, 1), BLOCK).orThrow();
            Credentials renewed = new Credentials(next, Optional.of(controllerKey));
            auth(host.admin()).run(renewed);
            auth(queue).run(renewed);
            queue.read(Command.read(1, 0, 1), BLOCK).orThrow();
            assertThatThrownBy(() -> auth(queue).run(right)).isInstanceOf(AuthException.class);
            assertThatThrownBy(() -> queue.read(Command.read(1, 0, 1), BLOCK)).isInstanceOf(RuntimeException.class);
            host.admin().propertyGet(Registers.CSTS, false);
        }
    }

    @Test
    void whoCameWithoutGoesWhenItIsDemanded() {
        target.terms(new HostTerms(false, Optional.of(new ChapTerms(hostKey))));
        try (TcpHost without = TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual());
                TcpHost with = TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual())) {
            auth(with.admin()).run(new Credentials(hostKey, Optional.empty()));
            target.terms(new HostTerms(true, Optional.of(new ChapTerms(hostKey))));
            assertThat(without.admin().channel().next()).isEmpty();
            with.admin().propertyGet(Registers.CSTS, false);
        }
    }

    @Test
    void anIoQueueThatCameWithoutCostsTheHostAllOfThem() {
        target.terms(new HostTerms(false, Optional.of(new ChapTerms(hostKey))));
        try (TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual())) {
            Credentials known = new Credentials(hostKey, Optional.empty());
            auth(host.admin()).run(known);
            HostQueue first = host.ioQueue(16);
            auth(first).run(known);
            target.terms(new HostTerms(true, Optional.of(new ChapTerms(hostKey))));
            first.read(Command.read(1, 0, 1), BLOCK).orThrow();
            target.terms(new HostTerms(false, Optional.of(new ChapTerms(hostKey))));
            host.ioQueue(16);
            target.terms(new HostTerms(true, Optional.of(new ChapTerms(hostKey))));
            assertThat(first.channel().next()).isEmpty();
        }
        assertThat(target.endings()).containsExactly("the host has to show who it is now");
    }

    /** Something else about the subsystem changes while a host authenticates. */
    @Test
    void whoIsAboutToShowItMay() {
        require(hostKey);
        try (HostQueue queue = unauthenticated()) {
            require(hostKey);
            auth(queue).run(right);
            queue.propertySet(Registers.CC, 0x0046_0001).orThrow();
        }
    }

    @Test
    void whoHasNotShownItGetsNoLargeBuffer() {
        require(hostKey);
        try (HostQueue queue = unauthenticated()) {
            queue.submit(Command.write(1, 0, 64), new byte[64 * BLOCK], 0);
            PduChannel.Received answer = queue.channel().next().orElseThrow();
            assertThat(answer.type()).as("no R2T").isEqualTo(HostPdu.CAPSULE_RESP);
            assertThat((answer.bytes().getShort(22) & 0xffff) >>> 1 & 0x7ff)
                    .isEqualTo(Status.typeAndCode(Status.AUTHENTICATION_REQUIRED));
        }
    }

    @Test
    void aHostOfWhichThereIsNoKeyCannotShowIt() {
        target.terms(new HostTerms(true, Optional.empty()));
        assertThatThrownBy(() -> TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual()))
                .isInstanceOf(DriverException.class);
        assertThat(target.refusals()).singleElement().asString().contains("no key of it");
    }

    /** Whoever only says the name of a host must not keep out the host itself, which has another identifier. */
    @Test
    void anImpostorKeepsNobodyOut() {
        require(hostKey);
        HostOptions impostor = HostOptions.usual().named(HostOptions.HOST_NQN, new UUID(6, 6));
        try (HostQueue queue = HostQueue.greet(target.address(), impostor)) {
            queue.connect(ServedTarget.NQN, 0, 32, Fabrics.CNTLID_DYNAMIC).orThrow();
            try (TcpHost host = connect(right)) {
                // The copy of a machine has its key too: now it is the second of one name.
                auth(queue).run(right);
                assertThat(queue.channel().next()).isEmpty();
                host.admin().propertyGet(Registers.CSTS, false);
            }
        }
        assertThat(target.refusals()).singleElement().asString().contains("a copied machine");
    }

    @Test
    void commandsThatMakeNoSenseFail() {
        require(hostKey);
        try (HostQueue queue = unauthenticated()) {
            HostAuth auth = auth(queue);
            assertStatus(auth.receive(4096).completion(), Status.COMMAND_SEQUENCE_ERROR);
            Command other = HostQueue.fabrics(Fabrics.AUTHENTICATION_SEND)
                    .dword(10, 0xea010100)
                    .dword(11, 16);
            assertStatus(queue.execute(other, new byte[16]).completion(), Status.INVALID_FIELD);
            Command longer = HostQueue.fabrics(Fabrics.AUTHENTICATION_SEND)
                    .dword(10, Fabrics.AUTH_NVME)
                    .dword(11, 32);
            assertStatus(queue.execute(longer, new byte[16]).completion(), Status.INVALID_FIELD);
            // More than a capsule takes: it is not even asked for.
            assertStatus(auth.send(new byte[20_000]), Status.INVALID_FIELD);
            HostExchange exchange = new HostExchange(HostOptions.HOST_NQN, ServedTarget.NQN, right, 1);
            auth.send(exchange.negotiate()).orThrow();
            assertStatus(auth.receive(16).completion(), Status.INVALID_FIELD);
            byte[] challenge = auth.receive(4096).orThrow().data();
            auth.send(exchange.reply(challenge)).orThrow();
            byte[] success = auth.receive(4096).orThrow().data();
            auth.send(exchange.finish(success).orElseThrow()).orThrow();
            queue.propertySet(Registers.CC, 0x0046_0001).orThrow();
        }
    }

    @Test
    void anyMessageInAnyOrderLetsNobodyIn() {
        require(hostKey);
        Credentials wrong = new Credentials(
                ChapKey.generate(Optional.empty(), random),
                Optional.empty(),
                List.of(DhHash.values()),
                List.of(DhGroup.NULL));
        FuzzLoop.run("auth messages over TCP", any -> {
            HostExchange exchange = new HostExchange(HostOptions.HOST_NQN, ServedTarget.NQN, wrong, any.nextInt(4));
            byte[] message = exchange.negotiate();
            try (HostQueue queue = unauthenticated()) {
                for (int i = 0; i < 4; i++) {
                    if (any.nextInt(4) == 0) {
                        message[any.nextInt(message.length)] ^= (byte) (1 << any.nextInt(8));
                    }
                    int length = any.nextInt(4) == 0 ? 1 + any.nextInt(2 * message.length) : message.length;
                    auth(queue).send(Arrays.copyOf(message, length));
                    HostQueue.Result received = auth(queue).receive(4096);
                    if (received.completion().ok()) {
                        message = exchange.reply(received.data());
                    }
                    assertThat(queue.propertySet(Registers.CC, 0x0046_0001).ok())
                            .isFalse();
                }
            } catch (AuthException | DriverException e) {
                // Refused: the connection is gone.
                assertThat(e).hasMessageNotContaining("timed out");
            }
        });
    }
}
