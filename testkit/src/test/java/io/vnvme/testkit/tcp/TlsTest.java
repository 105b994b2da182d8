package io.vnvme.testkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.fabrics.tls.TlsException;
import io.vnvme.fabrics.tls.TlsKey;
import io.vnvme.fabrics.tls.TlsPsk;
import io.vnvme.frontend.tcp.HostTerms;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.server.ServedTarget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Hosts that come by TLS, and those that should. */
class TlsTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int BLOCK = 512;
    private static final String SHA384 =
            "NVMeTLSkey-1:02:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAQIDBAUGBwgJCgsMDQ4Prx7ycQ==:";
    private static final Path OPENSSL = Path.of("/usr/bin/openssl");

    private final TlsKey key = TlsKey.generate(new SecureRandom());
    private final ServedTarget target = ServedTarget.open(64 << 20);

    @AfterEach
    void nothingFailed() {
        target.close();
        assertThat(target.failures()).isEmpty();
    }

    private void demand(TlsKey wanted) {
        target.terms(new HostTerms(false, Optional.empty(), true, Optional.of(wanted)));
    }

    private static List<TlsPsk> psks(TlsKey of) {
        return of.psks(HostOptions.HOST_NQN, ServedTarget.NQN);
    }

    private TcpHost connect(TlsPsk psk, HostOptions options) {
        return TcpHost.connect(() -> TlsChannel.connect(target.address(), psk), ServedTarget.NQN, options);
    }

    private void readsWhatItWrote(TcpHost host) {
        HostQueue queue = host.ioQueue(64);
        Random random = new Random(1);
        for (int blocks : new int[] {1, 8, 33, 256, 2048}) {
            byte[] data = new byte[blocks * BLOCK];
            random.nextBytes(data);
            queue.execute(Command.write(1, 100, blocks), data).orThrow();
            assertThat(queue.read(Command.read(1, 100, blocks), data.length)
                            .orThrow()
                            .data())
                    .isEqualTo(data);
        }
    }

    @Test
    void withEachIdentityOfBothHashes() {
        for (TlsKey each : List.of(key, TlsKey.parse(SHA384))) {
            demand(each);
            for (TlsPsk psk : psks(each)) {
                try (TcpHost host = connect(psk, HostOptions.usual().digests(true, true))) {
                    readsWhatItWrote(host);
                }
            }
        }
        assertThat(target.refusals()).isEmpty();
        assertThat(target.drops()).isEmpty();
    }

    /** More in one go than a pass takes: what TLS holds, the socket tells nobody of. */
    @Test
    void muchAtOnceIsNotForgotten() {
        demand(key);
        try (TcpHost host = connect(psks(key).getFirst(), HostOptions.usual())) {
            HostQueue queue = host.ioQueue(128);
            byte[] data = new byte[1 << 20];
            new Random(2).nextBytes(data);
            List<Integer> writes = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                writes.add(queue.submit(Command.write(1, i * 16L, 16), new byte[8192], 0));
            }
            writes.forEach(cid -> queue.await(cid).orThrow());
            List<Integer> large = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                large.add(queue.submit(Command.write(1, i * 2048L, 2048), data, 0));
            }
            large.forEach(cid -> queue.await(cid).orThrow());
            for (int i = 0; i < 8; i++) {
                large.set(i, queue.submit(Command.read(1, i * 2048L, 2048), new byte[0], data.length));
            }
            large.forEach(cid -> assertThat(queue.await(cid).orThrow().data()).isEqualTo(data));
        }
    }

    /** Another TLS at the other end: OpenSSL's own program, which knows keys for SHA-256 alone. */
    @Test
    void opensslsClientComesIn() {
        assumeThat(OPENSSL).isExecutable();
        demand(key);
        try (TcpHost host = TcpHost.connect(this::openssl, ServedTarget.NQN, HostOptions.usual())) {
            readsWhatItWrote(host);
        }
    }

    private PduChannel openssl() {
        TlsPsk psk = psks(key).getFirst();
        try {
            Process client = new ProcessBuilder(
                            OPENSSL.toString(),
                            "s_client",
                            "-quiet",
                            "-tls1_3",
                            "-connect",
                            "localhost:" + target.address().getPort(),
                            "-psk",
                            HexFormat.of().formatHex(psk.key()),
                            "-psk_identity",
                            psk.identity())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return PduChannel.over(client.getInputStream(), client.getOutputStream(), client::destroy);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void anotherKeyIsRefusedByName() {
        demand(key);
        TlsPsk right = psks(key).getFirst();
        byte[] changed = right.key().clone();
        changed[0]++;
        assertThatThrownBy(() -> connect(new TlsPsk(right.identity(), changed, right.suite()), HostOptions.usual()))
                .isInstanceOf(TlsException.class);
        await().atMost(LIMIT).until(() -> target.refusals().size() == 1);
        assertThat(target.refusals().getFirst()).contains(HostOptions.HOST_NQN, "its key is another one");
        TlsPsk unknown = psks(TlsKey.generate(new SecureRandom())).getFirst();
        assertThatThrownBy(() -> connect(unknown, HostOptions.usual())).isInstanceOf(TlsException.class);
        await().atMost(LIMIT).until(() -> target.refusals().size() == 2);
        assertThat(target.refusals().getLast()).contains(HostOptions.HOST_NQN, "no key of that identity");
    }

    @Test
    void aKeyIsItsHostsAlone() {
        demand(key);
        String other = "nqn.2014-08.org.nvmexpress:uuid:6f1f5f5e-0000-4000-8000-000000000002";
        HostOptions named = HostOptions.usual().named(other, HostOptions.usual().hostId());
        try (HostQueue queue =
                HostQueue.greet(TlsChannel.connect(target.address(), psks(key).getFirst()), named)) {
            assertThat(queue.connect(ServedTarget.NQN, 0, 32, Fabrics.CNTLID_DYNAMIC)
                            .typeAndCode())
                    .isEqualTo(Status.typeAndCode(Status.CONNECT_INVALID_HOST));
        }
        assertThat(target.refusals()).singleElement().asString().contains(other, "another host's");
    }

    @Test
    void whoComesInTheClearIsRefusedWhereTlsIsDemanded() {
        try (TcpHost before = TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual());
                HostQueue after = HostQueue.greet(target.address(), HostOptions.usual())) {
            demand(key);
            assertThat(before.admin().channel().next()).isEmpty();
            assertThat(after.connect(ServedTarget.NQN, 0, 32, Fabrics.CNTLID_DYNAMIC)
                            .typeAndCode())
                    .isEqualTo(Status.typeAndCode(Status.CONNECT_INVALID_HOST));
        }
        assertThat(target.refusals()).singleElement().asString().contains("has to use TLS");
    }

    @Test
    void oneThatMayComesEitherWay() {
        target.terms(new HostTerms(false, Optional.empty(), false, Optional.of(key)));
        try (TcpHost encrypted = connect(psks(key).getFirst(), HostOptions.usual());
                TcpHost plain = TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual())) {
            encrypted.admin().propertyGet(Registers.CSTS, false);
            plain.admin().propertyGet(Registers.CSTS, false);
        }
    }

    @Test
    void anIoQueueInTheClearCostsTheHostAllOfThemWhenTlsIsDemanded() {
        target.terms(new HostTerms(false, Optional.empty(), false, Optional.of(key)));
        try (TcpHost host = connect(psks(key).getFirst(), HostOptions.usual());
                HostQueue plain = HostQueue.greet(target.address(), HostOptions.usual())) {
            plain.connect(ServedTarget.NQN, 1, 16, host.controllerId()).orThrow();
            demand(key);
            assertThat(plain.channel().next()).isEmpty();
        }
        assertThat(target.endings()).containsExactly("the host has to show who it is now");
    }

    @Test
    void handshakesThatMakeNoSenseEnd() {
        demand(key);
        byte[] record = {0x16, 3, 1, 0, 4, 1, 2, 3, 4};
        for (byte[] bytes : List.of(record, new byte[] {0x16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) {
            try (PduChannel channel = PduChannel.connect(target.address())) {
                channel.send(bytes, 0, bytes.length);
                await().atMost(LIMIT).until(() -> target.drops().size() == 1);
            }
            target.drops().clear();
        }
    }
}
