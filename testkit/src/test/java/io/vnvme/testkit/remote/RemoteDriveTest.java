package io.vnvme.testkit.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.nvmetcp.PathView;
import io.vnvme.drive.nvmetcp.RemoteDrive;
import io.vnvme.drive.nvmetcp.RemoteException;
import io.vnvme.drive.nvmetcp.RemoteHealth;
import io.vnvme.drive.nvmetcp.RemoteNamespace;
import io.vnvme.drive.nvmetcp.RemoteOptions;
import io.vnvme.fabrics.auth.ChapKey;
import io.vnvme.fabrics.auth.ChapTerms;
import io.vnvme.frontend.tcp.HostTerms;
import io.vnvme.testkit.server.ServedTarget;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our host against our target: what a drive has to do, and what is said when it cannot be had. */
class RemoteDriveTest {
    private static final int DRIVE_BYTES = 16 << 20;
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int KIB = 1024;

    @ParameterizedTest
    @CsvSource({"false,false", "true,false", "false,true", "true,true"})
    void everyOperationInEverySize(boolean headerDigests, boolean dataDigests) {
        RemoteOptions options = RemoteOptions.usual().digests(headerDigests, dataDigests);
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES);
                Remote remote = new Remote(options, target.address().getPort())) {
            assertThat(remote.drive().sizeBytes()).isEqualTo(DRIVE_BYTES);
            assertThat(remote.drive().blockSizeBytes()).isEqualTo(512);
            assertThat(remote.drive().facts().identity()).startsWith("uuid.");
            // Within a capsule, asked for, of several commands.
            for (int bytes : new int[] {512, 4 * KIB, 16 * KIB, 17 * KIB, 128 * KIB, 129 * KIB, KIB * KIB}) {
                roundTrip(remote, 7 * 512, bytes);
            }
            assertThat(remote.await(remote.submit(Io.FLUSH, 0, MemorySegment.NULL)))
                    .isEqualTo(IoStatus.OK);
            remote.write(0, 64 * KIB, 1);
            assertThat(remote.await(remote.submit(Io.WRITE_ZEROES, 4 * KIB, MemorySegment.NULL, 4 * KIB)))
                    .isEqualTo(IoStatus.OK);
            assertThat(remote.await(remote.submit(Io.DEALLOCATE, 16 * KIB, MemorySegment.NULL, 32 * KIB)))
                    .isEqualTo(IoStatus.OK);
            assertThat(remote.read(0, 4 * KIB)).isOne();
            assertThat(remote.read(4 * KIB, 4 * KIB)).isZero();
            assertThat(remote.read(8 * KIB, 8 * KIB)).isOne();
            assertThat(remote.read(16 * KIB, 32 * KIB)).isZero();
            assertThat(remote.read(48 * KIB, 16 * KIB)).isOne();
            assertThat(target.drops()).isEmpty();
            assertThat(target.failures()).isEmpty();
        }
    }

    private static void roundTrip(Remote remote, long offset, int bytes) {
        MemorySegment sent = Arena.ofAuto().allocate(bytes);
        byte[] noise = new byte[bytes];
        new Random(bytes).nextBytes(noise);
        sent.copyFrom(MemorySegment.ofArray(noise));
        assertThat(remote.await(remote.submit(Io.WRITE, offset, sent))).isEqualTo(IoStatus.OK);
        MemorySegment got = Remote.filled(bytes, 0);
        assertThat(remote.await(remote.submit(Io.READ, offset, got))).isEqualTo(IoStatus.OK);
        assertThat(got.mismatch(sent)).isEqualTo(-1);
    }

    @Test
    void moreWorkThanTheQueueHasEntries() {
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES);
                Remote remote =
                        new Remote(RemoteOptions.usual(), target.address().getPort())) {
            List<Remote.Work> all = new ArrayList<>();
            for (int i = 0; i < 600; i++) {
                all.add(remote.submit(Io.WRITE, i * 4L * KIB, Remote.filled(4 * KIB, i)));
            }
            all.forEach(work -> assertThat(remote.await(work)).isEqualTo(IoStatus.OK));
            for (int i = 0; i < 600; i++) {
                assertThat(remote.read(i * 4L * KIB, 4 * KIB)).isEqualTo((byte) i);
            }
        }
    }

    @Test
    void whatTheTargetRefusesIsAnErrorAndNothingElse() {
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES);
                Remote remote =
                        new Remote(RemoteOptions.usual(), target.address().getPort())) {
            assertThat(remote.await(remote.submit(Io.READ, DRIVE_BYTES, Remote.filled(4 * KIB, 0))))
                    .isEqualTo(IoStatus.READ_ERROR);
            assertThat(remote.await(remote.submit(Io.WRITE, DRIVE_BYTES, Remote.filled(4 * KIB, 0))))
                    .isEqualTo(IoStatus.WRITE_ERROR);
            assertThat(remote.health().readErrors()).isOne();
            assertThat(remote.health().writeErrors()).isOne();
            remote.write(0, 4 * KIB, 1);
            assertThat(remote.health().paths()).extracting(PathView::losses).containsExactly(0L);
        }
    }

    @Test
    void saysWhyItCannotBeHad() {
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES)) {
            int port = target.address().getPort();
            RemoteOptions usual = RemoteOptions.usual();
            assertRefused(
                    Remote.namespace(usual, "nqn.2026-01.io.vnvme:other", 1, port),
                    "no subsystem nqn.2026-01.io.vnvme:other");
            assertRefused(Remote.namespace(usual, ServedTarget.NQN, 2, port), "no namespace 2");
            target.terms(new HostTerms(
                    true, Optional.of(new ChapTerms(ChapKey.generate(Optional.empty(), new SecureRandom())))));
            assertRefused(Remote.namespace(usual, ServedTarget.NQN, 1, port), "to authenticate");
            target.terms(HostTerms.NONE);
            target.deny(Remote.HOST.nqn());
            assertRefused(
                    Remote.namespace(usual, ServedTarget.NQN, 1, port),
                    "does not allow this host, " + Remote.HOST.nqn());
            assertRefused(Remote.namespace(usual, ServedTarget.NQN, 1, 1), "Connection refused");
            assertThat(target.failures()).isEmpty();
        }
    }

    private static void assertRefused(RemoteNamespace namespace, String why) {
        assertThatThrownBy(() -> RemoteDrive.open("remote0", namespace, new RemoteHealth(), LIMIT))
                .isInstanceOf(RemoteException.class)
                .hasMessageContaining(why)
                .hasMessageContaining(namespace.portals().getFirst().text());
    }

    @Test
    void aWriteIsHeldWhileNoPathWorksThenFails() {
        RemoteOptions options = RemoteOptions.usual().lossTime(Duration.ofSeconds(10));
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES);
                Network network = new Network(target.address());
                Remote remote = new Remote(options, network.port())) {
            network.down(true);
            remote.until("lost", () -> !remote.health().paths().getFirst().live());
            Remote.Work held = remote.submit(Io.WRITE, 0, Remote.filled(4 * KIB, 1));
            remote.putForward(Duration.ofSeconds(9));
            remote.until("held", () -> remote.health().held() == 1);
            assertThat(held.ended()).isFalse();
            assertThat(remote.health().gone()).isFalse();
            remote.putForward(Duration.ofSeconds(2));
            assertThat(remote.await(held)).isEqualTo(IoStatus.GONE);
            assertThat(remote.submit(Io.READ, 0, Remote.filled(512, 0)).status())
                    .isEqualTo(IoStatus.GONE);
            assertThat(remote.health().gone()).isTrue();
            network.down(false);
            remote.putForward(Duration.ofSeconds(10));
            remote.until("back", () -> !remote.health().gone());
            remote.write(0, 4 * KIB, 2);
            assertThat(remote.read(0, 4 * KIB)).isEqualTo(2);
        }
    }
}
