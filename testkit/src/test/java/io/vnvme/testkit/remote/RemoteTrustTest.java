package io.vnvme.testkit.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.nvmetcp.NamespaceFacts;
import io.vnvme.drive.nvmetcp.RemoteDrive;
import io.vnvme.drive.nvmetcp.RemoteException;
import io.vnvme.drive.nvmetcp.RemoteHealth;
import io.vnvme.drive.nvmetcp.RemoteNamespace;
import io.vnvme.drive.nvmetcp.RemoteOptions;
import io.vnvme.drive.nvmetcp.RemoteTrust;
import io.vnvme.drive.nvmetcp.TargetKeys;
import io.vnvme.fabrics.auth.AuthWorkers;
import io.vnvme.fabrics.auth.ChapKey;
import io.vnvme.fabrics.auth.ChapTerms;
import io.vnvme.fabrics.auth.DhGroup;
import io.vnvme.fabrics.auth.DhHash;
import io.vnvme.fabrics.auth.HostExchange.Credentials;
import io.vnvme.fabrics.tls.TlsContext;
import io.vnvme.fabrics.tls.TlsException;
import io.vnvme.fabrics.tls.TlsKey;
import io.vnvme.fabrics.tls.TlsPsk;
import io.vnvme.fabrics.tls.TlsSocket;
import io.vnvme.frontend.tcp.HostTerms;
import io.vnvme.os.TcpSocket;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.IdlePolicy;
import io.vnvme.reactor.Reactor;
import io.vnvme.testkit.server.ServedTarget;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Our host and our target, which show each other who they are: by DH-HMAC-CHAP, by TLS, or by both. */
class RemoteTrustTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int DRIVE_BYTES = 4 << 20;
    private static final int BLOCK = 4096;
    private static final byte C2H_TERM_REQ = 3;
    private static final byte CAPSULE_RESP = 5;
    private static final byte C2H_DATA = 7;
    /** Of C2HData: no capsule follows. */
    private static final int DATA_SUCCESS = 8;

    private static final String OTHER_KEY = "the key here has to be the one that the target has";
    private static final String SHA384 =
            "NVMeTLSkey-1:02:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAQIDBAUGBwgJCgsMDQ4Prx7ycQ==:";

    private final SecureRandom random = new SecureRandom();
    private final ChapKey hostKey = ChapKey.generate(Optional.of(DhHash.SHA_256), random);
    private final ChapKey controllerKey = ChapKey.generate(Optional.empty(), random);
    private final TlsKey tlsKey = TlsKey.generate(random);
    private final AuthWorkers workers = AuthWorkers.start("test-auth", 1);
    private final ServedTarget target = ServedTarget.open(DRIVE_BYTES);
    private volatile TargetKeys keys = TargetKeys.NONE;

    @AfterEach
    void nothingFailed() {
        target.close();
        workers.close();
        assertThat(target.failures()).isEmpty();
    }

    private static TargetKeys chap(ChapKey host, Optional<ChapKey> controller) {
        return new TargetKeys(Optional.of(new Credentials(host, controller)), Optional.empty());
    }

    private static TargetKeys tls(TlsKey key) {
        return new TargetKeys(Optional.empty(), Optional.of(key));
    }

    private void require(ChapKey key, Optional<DhHash> hash, Optional<DhGroup> group) {
        target.terms(new HostTerms(true, Optional.of(new ChapTerms(key, Optional.of(controllerKey), hash, group))));
    }

    private void require(ChapKey key) {
        require(key, Optional.empty(), Optional.empty());
    }

    private RemoteNamespace namespace(RemoteOptions options, int port) {
        RemoteNamespace plain = Remote.namespace(options, ServedTarget.NQN, 1, port);
        return new RemoteNamespace(
                plain.nqn(),
                plain.nsid(),
                plain.portals(),
                plain.host(),
                plain.options(),
                new RemoteTrust(() -> keys, work -> workers.run("remote0", work)));
    }

    private Remote open(RemoteOptions options) {
        return new Remote(namespace(options, target.address().getPort()));
    }

    private void works(RemoteOptions options) {
        try (Remote remote = open(options)) {
            remote.write(0, BLOCK, 7);
            assertThat(remote.read(0, BLOCK)).isEqualTo(7);
            remote.write(0, 1 << 20, 8);
            assertThat(remote.read(0, 1 << 20)).isEqualTo(8);
        }
    }

    private void assertRefused(RemoteOptions options, String... words) {
        assertThatThrownBy(() -> open(options).close())
                .isInstanceOf(RemoteException.class)
                .hasMessageContainingAll(words);
    }

    @ParameterizedTest
    @EnumSource
    void eachGroupWithEachHash(DhGroup group) {
        for (DhHash hash : DhHash.values()) {
            require(hostKey, Optional.of(hash), Optional.of(group));
            keys = chap(hostKey, Optional.empty());
            works(RemoteOptions.usual());
            keys = chap(hostKey, Optional.of(controllerKey));
            works(RemoteOptions.usual().digests(true, true));
        }
        assertThat(target.refusals()).isEmpty();
        assertThat(target.drops()).isEmpty();
    }

    @Test
    void withoutAKeyOrWithAnotherItIsSaidWhatIsWrong() {
        require(hostKey);
        assertRefused(RemoteOptions.usual(), Remote.HOST.nqn(), "there is no DH-HMAC-CHAP key");
        keys = chap(controllerKey, Optional.empty());
        assertRefused(
                RemoteOptions.usual(),
                Remote.HOST.nqn(),
                ServedTarget.NQN,
                "the controller refuses the host",
                OTHER_KEY);
        assertThat(target.refusals()).singleElement().asString().contains(Remote.HOST.nqn(), "DH-HMAC-CHAP");
    }

    /** What the target says to the answer to its challenge arrives as another thing, or never. */
    private void assertRefusedWhenToldInstead(Network.Change change, String... words) {
        AtomicInteger said = new AtomicInteger();
        try (Network network = new Network(target.address())) {
            network.change(pdu -> pdu[0] == C2H_DATA && said.incrementAndGet() % 2 == 0 ? change.apply(pdu) : pdu);
            assertThatThrownBy(() -> new Remote(namespace(RemoteOptions.usual(), network.port())).close())
                    .isInstanceOf(RemoteException.class)
                    .hasMessageContainingAll(words)
                    .message()
                    .doesNotContain(OTHER_KEY);
        }
        assertThat(said).hasPositiveValue();
    }

    @Test
    void whatEndsAnAuthenticationIsNotTakenForAnotherKey() {
        require(hostKey);
        keys = chap(hostKey, Optional.empty());
        assertRefusedWhenToldInstead(
                pdu -> {
                    // DATAL: longer than it is.
                    pdu[17]++;
                    return pdu;
                },
                "the target breaks the protocol");
        byte[] termination = new byte[24];
        termination[0] = C2H_TERM_REQ;
        termination[2] = 24;
        termination[4] = 24;
        termination[8] = 2;
        assertRefusedWhenToldInstead(
                _ -> termination, "the target ends the connection, fatal error status 0x2", "shows who it is");
    }

    @Test
    void aTargetThatUsesNoHashOfOursHasNotLookedAtTheKey() {
        require(hostKey, Optional.of(DhHash.SHA_512), Optional.empty());
        Credentials few =
                new Credentials(hostKey, Optional.empty(), List.of(DhHash.SHA_256), List.of(DhGroup.values()));
        keys = new TargetKeys(Optional.of(few), Optional.empty());
        assertThatThrownBy(() -> open(RemoteOptions.usual()).close())
                .hasMessageContaining("the controller refuses the host: hash function not usable")
                .message()
                .doesNotContain(OTHER_KEY);
    }

    @Test
    void aTargetThatIsGoneAfterTheAnswerMayHaveAnotherKey() {
        require(hostKey);
        keys = chap(hostKey, Optional.empty());
        try (Network network = new Network(target.address())) {
            AtomicInteger said = new AtomicInteger();
            network.change(pdu -> {
                if (pdu[0] == C2H_DATA && said.incrementAndGet() % 2 == 0) {
                    network.cutNow();
                }
                return pdu;
            });
            assertThatThrownBy(() -> new Remote(namespace(RemoteOptions.usual(), network.port())).close())
                    .hasMessageContainingAll("closed the connection after the answer to its challenge", OTHER_KEY);
        }
    }

    /** It has shown that it has the same keys. */
    @Test
    void aTargetThatIsGoneAfterTheLastMessageHasNoOtherKey() {
        require(hostKey);
        keys = chap(hostKey, Optional.of(controllerKey));
        try (Network network = new Network(target.address())) {
            AtomicInteger said = new AtomicInteger();
            AtomicBoolean over = new AtomicBoolean();
            network.change(pdu -> {
                if (pdu[0] == C2H_DATA && said.incrementAndGet() % 2 == 0) {
                    over.set((pdu[1] & DATA_SUCCESS) != 0);
                } else if (pdu[0] == CAPSULE_RESP && over.getAndSet(false)) {
                    network.cutNow();
                }
                return pdu;
            });
            assertThatThrownBy(() -> new Remote(namespace(RemoteOptions.usual(), network.port())).close())
                    .hasMessageContainingAll("closed the connection", "shows who it is")
                    .message()
                    .doesNotContain(OTHER_KEY);
        }
    }

    @Test
    void aTargetThatDoesNotHaveItsKeyIsNotUsed() {
        require(hostKey);
        keys = chap(hostKey, Optional.of(hostKey));
        assertRefused(
                RemoteOptions.usual(), "the controller does not have its key", "the controller's key here is not");
        assertThat(target.refusals()).singleElement().asString().contains("the host refuses the controller");
    }

    /** Nor is one that asks for nothing: whoever stands in for a target would do that. */
    @Test
    void aTargetThatAsksForNothingHasToShowItsKeyAllTheSame() {
        keys = chap(hostKey, Optional.of(controllerKey));
        assertRefused(RemoteOptions.usual(), "the target has no DH-HMAC-CHAP for this host");
        keys = chap(hostKey, Optional.empty());
        works(RemoteOptions.usual());
        target.terms(new HostTerms(
                false,
                Optional.of(new ChapTerms(hostKey, Optional.of(controllerKey), Optional.empty(), Optional.empty()))));
        keys = chap(hostKey, Optional.of(controllerKey));
        works(RemoteOptions.usual());
        keys = chap(hostKey, Optional.of(hostKey));
        assertRefused(RemoteOptions.usual(), "the controller does not have its key");
    }

    @Test
    void anotherKeyCountsWithTheNextConnection() {
        require(hostKey);
        keys = chap(hostKey, Optional.empty());
        try (Network network = new Network(target.address());
                Remote remote = new Remote(namespace(RemoteOptions.usual(), network.port()))) {
            remote.write(0, BLOCK, 1);
            require(controllerKey);
            assertThat(remote.read(0, BLOCK)).as("whoever is connected stays").isOne();
            network.cutNow();
            Remote.Work held = remote.submit(Io.READ, 0, Remote.filled(BLOCK, 0));
            remote.until(
                    "refused",
                    () -> remote.health().paths().getFirst().trouble().contains(OTHER_KEY));
            assertThat(held.ended()).isFalse();
            keys = chap(controllerKey, Optional.empty());
            remote.putForward(Duration.ofSeconds(6));
            assertThat(remote.await(held)).isEqualTo(IoStatus.OK);
        }
    }

    /** On a reactor that sleeps, which the worker has to wake. */
    @Test
    void asReactorsDoIt() {
        require(hostKey);
        keys = chap(hostKey, Optional.of(controllerKey));
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        RemoteNamespace namespace =
                namespace(RemoteOptions.usual(), target.address().getPort());
        NamespaceFacts facts;
        try (RemoteDrive drive = RemoteDrive.open("remote0", namespace, new RemoteHealth(), LIMIT)) {
            facts = drive.facts();
        }
        try (Reactor reactor = Reactor.start("one", -1, IdlePolicy.INTERRUPT, failures::add)) {
            Home home = new Home(reactor);
            RemoteDrive drive = home.call(() ->
                    RemoteDrive.at(home, "remote0", namespace, facts, new RemoteHealth(), new SplittableRandom(1)));
            CompletableFuture<Integer> end = new CompletableFuture<>();
            Io io = new Io((_, status) -> end.complete(status));
            io.prepare(Io.READ, 0, BLOCK, false);
            io.data().add(Remote.filled(BLOCK, 0), 0, BLOCK);
            home.execute(() -> drive.submit(io));
            assertThat(end.orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join())
                    .isEqualTo(IoStatus.OK);
            home.call(() -> {
                drive.close();
                return true;
            });
        }
        assertThat(failures).isEmpty();
    }

    @Test
    void encryptedWithKeysOfBothHashes() {
        for (TlsKey key : List.of(tlsKey, TlsKey.parse(SHA384))) {
            target.terms(new HostTerms(false, Optional.empty(), true, Optional.of(key)));
            keys = tls(key);
            works(RemoteOptions.usual().tls(true));
            works(RemoteOptions.usual().tls(true).digests(true, true));
        }
        assertThat(target.refusals()).isEmpty();
    }

    @Test
    void encryptedAndAuthenticated() {
        target.terms(new HostTerms(true, Optional.of(new ChapTerms(hostKey)), true, Optional.of(tlsKey)));
        keys = new TargetKeys(Optional.of(new Credentials(hostKey, Optional.empty())), Optional.of(tlsKey));
        works(RemoteOptions.usual().tls(true));
    }

    @Test
    void whoHasAnotherTlsKeyOrNoneIsToldSo() {
        target.terms(new HostTerms(false, Optional.empty(), true, Optional.of(tlsKey)));
        assertRefused(RemoteOptions.usual().tls(true), "there is no TLS key");
        keys = tls(TlsKey.generate(random));
        assertRefused(RemoteOptions.usual().tls(true), "no TLS 1.3 with the key here", Remote.HOST.nqn());
        assertThat(target.refusals()).as("one for each identity of the key").hasSize(3);
        keys = tls(tlsKey);
        assertRefused(RemoteOptions.usual(), "does not allow this host");
    }

    /** What many targets derive from a key is not what the standard says: their identity is found by trying. */
    @Test
    void everyIdentityOfAKeyIsTried() throws InterruptedException {
        List<TlsPsk> known = tlsKey.psks(Remote.HOST.nqn(), ServedTarget.NQN);
        List<String> offered = new CopyOnWriteArrayList<>();
        try (TcpSocket listener = TcpSocket.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 8);
                TlsContext server = TlsContext.server(identity -> {
                    offered.add(identity);

                    return Optional.of(known.getLast())
                            .filter(psk -> psk.identity().equals(identity));
                })) {
            AtomicBoolean stop = new AtomicBoolean();
            Thread thread = Thread.ofPlatform().start(() -> {
                while (!stop.get()) {
                    RemoteDrive.pause();
                    try (TcpSocket socket = listener.accept()) {
                        if (socket != null) {
                            shakeHands(server, socket);
                        }
                    }
                }
            });
            keys = tls(tlsKey);
            RemoteNamespace namespace =
                    namespace(RemoteOptions.usual().tls(true), listener.local().getPort());
            assertThatThrownBy(() -> new Remote(namespace).close())
                    .as("of a target that says nothing after the handshake")
                    .hasMessageContaining("closed the connection");
            stop.set(true);
            thread.join();
        }
        assertThat(offered.stream().distinct())
                .containsExactlyElementsOf(known.stream().map(TlsPsk::identity).toList());
    }

    private static void shakeHands(TlsContext server, TcpSocket socket) {
        try (TlsSocket tls = server.wrap(socket)) {
            while (tls.handshake() != TlsSocket.Progress.DONE) {
                RemoteDrive.pause();
            }
        } catch (TlsException e) {
            assertThat(e).hasMessageContaining("no key of that identity");
        }
    }

    @Test
    void anEncryptedPathIsFoundAgain() {
        target.terms(new HostTerms(false, Optional.empty(), true, Optional.of(tlsKey)));
        keys = tls(tlsKey);
        try (Remote remote = open(RemoteOptions.usual().tls(true))) {
            remote.write(0, BLOCK, 1);
            target.deny(Remote.HOST.nqn());
            remote.until("lost", () -> remote.health().paths().getFirst().losses() == 1);
            target.deny("");
            remote.putForward(Duration.ofSeconds(10));
            assertThat(remote.read(0, BLOCK)).isOne();
        }
    }
}
