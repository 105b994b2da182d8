package io.vnvme.control.plane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.SetHostKeys;
import io.vnvme.control.service.CheckedClient;
import io.vnvme.drive.nvmetcp.TargetKeys;
import io.vnvme.fabrics.auth.ChapKey;
import io.vnvme.fabrics.auth.ChapTerms;
import io.vnvme.fabrics.tls.TlsKey;
import io.vnvme.frontend.tcp.HostTerms;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.tcp.HostOptions;
import io.vnvme.testkit.tcp.HostQueue;
import io.vnvme.testkit.tcp.TcpHost;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A volume is the same at another host whenever it is frozen, and whoever uses it notices nothing of that. */
@Timeout(120)
final class EngineMirrorTest {
    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final Duration FREEZE = Duration.ofSeconds(2);
    private static final long MIB = 1 << 20;
    /** Blocks of a MiB. */
    private static final int ZEROS = 2048;
    /** Of Write Zeroes. */
    private static final int DEALLOCATE = 1 << 25;

    private static final long BYTES = CheckedClient.VOLUME_BYTES + 4096;

    @TempDir
    Path folder;

    private Mirrored hosts() {
        return new Mirrored(folder, BYTES, BYTES);
    }

    private static void works(CheckedClient client) {
        long seen = client.completed();
        await().atMost(LIMIT).pollInterval(Duration.ofMillis(1)).until(() -> client.completed() > seen + 100);
    }

    private static void freeze(VolumeMirror mirror) {
        await().atMost(LIMIT).until(() -> {
            assertThat(mirror.failure()).isEmpty();
            return mirror.ready() && mirror.freeze(FREEZE);
        });
    }

    private static void assertSame(Mirrored hosts) {
        assertThat(Mirrored.content(hosts.farPool)).isEqualTo(Mirrored.content(hosts.nearPool));
    }

    @Test
    void isTheSameThereWheneverItIsFrozen() {
        try (Mirrored hosts = hosts();
                CheckedClient client = CheckedClient.open(hosts.nearSocket())) {
            works(client);
            try (VolumeMirror mirror = hosts.source.mirror(hosts.there())) {
                for (int round = 0; round < 4; round++) {
                    works(client);
                    hosts.near.movePool(hosts.nearPool, "reactor-" + round % 2);
                    freeze(mirror);
                    assertSame(hosts);
                    long then = client.completed();
                    assertSame(hosts);
                    assertThat(client.completed()).as("who uses it waits").isLessThan(then + 9);
                    mirror.thaw();
                    works(client);
                    assertThat(mirror.failure()).isEmpty();
                }
                assertThat(mirror.state().copiedBytes()).isPositive();
                freeze(mirror);
                assertSame(hosts);
            }
            // Closed while it is frozen: it goes on here, and not there.
            byte[] there = Mirrored.content(hosts.farPool);
            works(client);
            assertThat(Mirrored.content(hosts.farPool)).isEqualTo(there);
        }
    }

    private static void write(Mirrored hosts, long offsetBytes, byte[] bytes) {
        try (VolumeIo io = hosts.nearPool.open(Mirrored.NAME, null)) {
            io.write(offsetBytes, ByteBuffer.wrap(bytes));
        }
    }

    private static byte[] noise(int bytes) {
        byte[] noise = new byte[bytes];
        new SplittableRandom(7).nextBytes(noise);
        return noise;
    }

    @Test
    void whatReadsZerosTakesNoSpaceThere() {
        try (Mirrored hosts = new Mirrored(folder, 32 * MIB, 32 * MIB)) {
            write(hosts, 5 * MIB, noise((int) MIB));
            long before = hosts.farPool.facts().usedBytes();
            try (VolumeMirror mirror = hosts.source.mirror(hosts.there());
                    SocketDevice device = device(hosts)) {
                freeze(mirror);
                assertSame(hosts);
                assertThat(mirror.state().copiedBytes()).isLessThan(2 * MIB);
                long with = hosts.farPool.facts().usedBytes();
                assertThat(with - before).isBetween(MIB, 2 * MIB);
                mirror.thaw();
                Command zeros = Command.of(IoOpcode.WRITE_ZEROES)
                        .nsid(1)
                        .range(5 * MIB / 512, ZEROS)
                        .dword(12, ZEROS - 1 | DEALLOCATE);
                NvmeDriver.start(device).createPair(1, 64, 1).execute(zeros).orThrow();
                freeze(mirror);
                assertSame(hosts);
                assertThat(Mirrored.content(hosts.farPool)).containsOnly(0);
                // When a checkpoint has made that so.
                mirror.thaw();
                await().atMost(LIMIT).until(() -> hosts.farPool.facts().usedBytes() < with - MIB / 2);
            }
        }
    }

    private static SocketDevice device(Mirrored hosts) {
        return SocketDevice.open(hosts.nearSocket(), RamLayout.single(4 << 20), 2);
    }

    /** It answers Keep Alives and not what is to be written, which waits for space. */
    @Test
    void aTargetWithoutSpaceEndsIt() {
        try (Mirrored hosts = new Mirrored(folder, 32 * MIB, 32 * MIB, 24 * MIB)) {
            for (int at = 0; at < 28; at++) {
                write(hosts, at * MIB, noise((int) MIB));
            }
            try (VolumeMirror mirror = hosts.source.mirror(hosts.there())) {
                await().atMost(LIMIT).until(() -> mirror.failure().isPresent());
                assertThat(mirror.failure().orElseThrow()).contains("nothing could be copied for 10 s");
            }
            await().atMost(LIMIT).until(() -> hosts.target.connectedHosts().isEmpty());
        }
    }

    private static void refused(ProblemCode code, String words, Runnable begin) {
        assertThatThrownBy(begin::run)
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining(words)
                .extracting("code")
                .isEqualTo(code);
    }

    @Test
    void whatCannotBeItsCopyIsRefused() {
        try (Mirrored hosts = hosts()) {
            MirrorTarget there = hosts.there();
            List<String> at = there.addresses();
            UUID uuid = there.uuid();
            TargetKeys none = TargetKeys.NONE;
            for (MirrorTarget wrong : List.of(
                    new MirrorTarget(at, there.nqn(), 1, UUID.randomUUID(), none),
                    new MirrorTarget(at, there.nqn() + "x", 1, uuid, none),
                    new MirrorTarget(at, there.nqn(), 7, uuid, none),
                    new MirrorTarget(List.of("127.0.0.1:1"), there.nqn(), 1, uuid, none))) {
                String words = wrong.nqn().equals(there.nqn())
                        ? wrong.nsid() == 7
                                ? "no namespace 7"
                                : wrong.addresses().equals(at) ? "another one than" : "127.0.0.1:1: connect"
                        : "no subsystem";
                refused(ProblemCode.TARGET_REFUSED, words, () -> hosts.source.mirror(wrong));
            }
            refused(
                    ProblemCode.BAD_REQUEST,
                    "0 addresses",
                    () -> hosts.source.mirror(new MirrorTarget(List.of(), there.nqn(), 1, uuid, none)));
            hosts.target.hosts(Set.of());
            refused(ProblemCode.TARGET_REFUSED, "does not allow this host", () -> hosts.source.mirror(there));
            hosts.target.hosts(Set.of(hosts.near.hostNqn()));
            try (VolumeMirror mirror = hosts.source.mirror(there)) {
                refused(ProblemCode.VNVME_IN_USE, "being copied", () -> hosts.source.mirror(there));
                freeze(mirror);
            }
            // Nothing of those that were refused is left.
            try (VolumeMirror mirror = hosts.source.mirror(there)) {
                freeze(mirror);
            }
        }
    }

    @Test
    void anotherSizeIsRefused() {
        try (Mirrored hosts = new Mirrored(folder, BYTES, 2 * BYTES)) {
            refused(
                    ProblemCode.TARGET_REFUSED,
                    "%d bytes in blocks of 512, and d has %d".formatted(2 * BYTES, BYTES),
                    () -> hosts.source.mirror(hosts.there()));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bothShowWhoTheyAre(boolean tls) {
        try (Mirrored hosts = hosts()) {
            SetHostKeys made = MirrorKeys.make(tls);
            TargetKeys keys = MirrorKeys.keys(made);
            hosts.far.keyring((_, _) -> terms(made));
            try (VolumeMirror mirror = hosts.source.mirror(hosts.there(keys))) {
                freeze(mirror);
                assertSame(hosts);
            }
            TargetKeys others = MirrorKeys.keys(MirrorKeys.make(tls));
            String words = tls ? "handshake" : "authenticat";
            refused(ProblemCode.TARGET_REFUSED, words, () -> hosts.source.mirror(hosts.there(others)));
            refused(
                    ProblemCode.TARGET_REFUSED,
                    tls ? "does not allow this host" : words,
                    () -> hosts.source.mirror(hosts.there()));
        }
    }

    private static HostTerms terms(SetHostKeys made) {
        Optional<ChapTerms> chap = Optional.ofNullable(made.dhchap())
                .map(key -> new ChapTerms(
                        ChapKey.parse(key),
                        Optional.ofNullable(made.controller()).map(ChapKey::parse),
                        Optional.empty(),
                        Optional.empty()));
        Optional<TlsKey> tls = Optional.ofNullable(made.tls()).map(TlsKey::parse);
        return new HostTerms(chap.isPresent(), chap, tls.isPresent(), tls);
    }

    @Test
    void aTargetThatHangsHoldsNobodyUp() {
        try (Mirrored hosts = hosts();
                CheckedClient client = CheckedClient.open(hosts.nearSocket())) {
            try (VolumeMirror mirror = hosts.source.mirror(hosts.there())) {
                works(client);
                freeze(mirror);
                mirror.thaw();
                hosts.hang();
                works(client);
                assertThat(mirror.freeze(Duration.ofMillis(200))).isFalse();
                works(client);
                await().atMost(LIMIT).until(() -> mirror.failure().isPresent());
                assertThat(mirror.freeze(Duration.ofMillis(200))).isFalse();
                works(client);
            }
            works(client);
        }
    }

    @Test
    void aTargetThatIsGoneEndsItAlsoWhileThereIsNothingToCopy() {
        try (Mirrored hosts = hosts();
                VolumeMirror mirror = hosts.source.mirror(hosts.there())) {
            await().atMost(LIMIT).until(mirror::ready);
            hosts.endFar();
            await().atMost(LIMIT).until(() -> mirror.failure().isPresent());
            assertThat(mirror.failure().orElseThrow()).contains("no path to the target works", hosts.address);
            assertThat(mirror.freeze(FREEZE)).isFalse();
        }
    }

    /** Whoever has frozen it decides, maybe that the other host goes on: nothing else lets its users go on here. */
    @Test
    void whileItIsFrozenALostTargetChangesNothing() {
        try (Mirrored hosts = hosts();
                CheckedClient client = CheckedClient.open(hosts.nearSocket());
                VolumeMirror mirror = hosts.source.mirror(hosts.there())) {
            works(client);
            freeze(mirror);
            hosts.endFar();
            byte[] then = Mirrored.content(hosts.nearPool);
            // Longer than it takes to find out.
            await().pollDelay(Duration.ofSeconds(12)).atMost(LIMIT).until(() -> true);
            assertThat(mirror.failure()).isEmpty();
            assertThat(Mirrored.content(hosts.nearPool)).isEqualTo(then);
            mirror.thaw();
            works(client);
            await().atMost(LIMIT).until(() -> mirror.failure().isPresent());
            works(client);
        }
    }

    /** Those that wait for the thaw, too, by whatever way they have come. */
    @Test
    void aVnvmeThatIsServedNoMoreEndsIt() {
        HostOptions host = HostOptions.usual();
        try (Mirrored hosts = hosts();
                SocketDevice device = device(hosts);
                VolumeMirror mirror = hosts.source.mirror(hosts.there())) {
            QueuePair pair = NvmeDriver.start(device).createPair(1, 64, 1);
            hosts.source.hosts(Set.of(host.hostNqn()));
            hosts.source.arriving(true);
            InetSocketAddress port = TcpPort.address(Mirrored.listen(hosts.near));
            try (TcpHost connected = TcpHost.connect(port, Mirrored.NQN, host);
                    HostQueue queue = connected.ioQueue(32)) {
                freeze(mirror);
                pair.start(Command.flush(1));
                queue.submit(Command.write(1, 0, 1), new byte[512], 0);
                await().atMost(LIMIT).until(() -> hosts.source.counters().inFlight() == 2);
                hosts.source.stopListening();
                hosts.source.close();
                await().atMost(LIMIT).until(() -> hosts.target.connectedHosts().isEmpty());
            }
        }
    }
}
