package io.vnvme.testkit.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.nvmetcp.PathView;
import io.vnvme.drive.nvmetcp.RemoteOptions;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.testkit.server.ServedTarget;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The network breaks: nothing that was acknowledged is lost, nothing fails, and nothing of before comes back. */
class LostPathTest {
    private static final int DRIVE_BYTES = 16 << 20;
    private static final int KIB = 1024;
    private static final int PLACES = 4;
    private static final int WRITES = 24;

    /** Behind each PDU in turn: in the set-up, in capsules, in data that is asked for, in what is read. */
    @ParameterizedTest
    @ValueSource(ints = {4 * KIB, 40 * KIB})
    void cutBehindEveryPdu(int bytes) {
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES);
                Network network = new Network(target.address());
                Remote remote = new Remote(RemoteOptions.usual(), network.port())) {
            int value = 1;
            boolean through = false;
            for (int pdus = 0; !through; pdus += 3) {
                network.cutAfter(pdus);
                value = load(target, remote, bytes, value);
                through = !network.cut();
            }
            assertThat(remote.health().paths().getFirst().losses()).isGreaterThan(10);
            assertThat(remote.health().writeErrors() + remote.health().readErrors())
                    .isZero();
            assertThat(target.failures()).isEmpty();
        }
    }

    /** Writes place after place, each in its turn, and reads them all. @return the next value */
    private static int load(ServedTarget target, Remote remote, int bytes, int firstValue) {
        int value = firstValue;
        int[] last = new int[PLACES];
        Remote.@Nullable Work[] outstanding = new Remote.Work[PLACES];
        for (int i = 0; i < WRITES; i++, value++) {
            int place = i % PLACES;
            settle(target, remote, outstanding[place]);
            outstanding[place] = remote.submit(Io.WRITE, (long) place * bytes, Remote.filled(bytes, value));
            last[place] = value;
        }
        Arrays.stream(outstanding).forEach(work -> settle(target, remote, work));
        for (int place = 0; place < PLACES; place++) {
            Remote.Work read = remote.submit(Io.READ, (long) place * bytes, Remote.filled(bytes, 0));
            settle(target, remote, read);
            assertThat(read.memory().mismatch(Remote.filled(bytes, last[place])))
                    .isEqualTo(-1);
        }
        return value;
    }

    /** Waits for its end; time goes on only when the controllers of before are really gone. */
    private static void settle(ServedTarget target, Remote remote, Remote.@Nullable Work work) {
        if (work == null) {
            return;
        }
        remote.until("work ends", () -> {
            boolean live = remote.health().paths().getFirst().live();
            boolean oldGone = target.target().connected().size() <= (live ? 1 : 0);
            if (!work.ended() && oldGone && remote.health().held() > 0) {
                remote.putForward(Duration.ofMillis(5));
            }
            return work.ended();
        });
        assertThat(work.status()).isEqualTo(IoStatus.OK);
    }

    /** A write that was on its way when its path was lost reaches the target late, on a connection of before. */
    @Test
    void aLateWriteUndoesNothing() throws IOException {
        RemoteOptions options = RemoteOptions.usual().keepAlive(Duration.ofMillis(1500));
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES);
                Network network = new Network(target.address());
                Remote remote = new Remote(options, network.port())) {
            remote.write(0, 4 * KIB, 1);
            network.withhold(IoOpcode.WRITE);
            Remote.Work first = remote.submit(Io.WRITE, 0, Remote.filled(4 * KIB, 2));
            remote.until("on its way", network::hasWithheld);
            network.withhold(-1);
            network.strand();
            remote.until(
                    "connected again",
                    () -> remote.health().paths().getFirst().losses() == 1
                            && remote.health().paths().getFirst().live());
            assertThat(remote.read(0, 4 * KIB)).as("reads do not wait").isOne();
            assertThat(first.ended()).as("nobody knows").isFalse();
            network.deliver();
            assertThat(remote.await(first)).isEqualTo(IoStatus.OK);
            remote.write(0, 4 * KIB, 3);
            remote.until(
                    "the old controller is gone",
                    () -> target.target().connected().size() == 1);
            assertThat(remote.read(0, 4 * KIB)).isEqualTo(3);
            assertThat(remote.health().resent()).isOne();
        }
    }

    /** The same, delivered only when the target's time for the host is over: its controller is gone, and takes nothing. */
    @Test
    void aWriteBehindItsFenceIsTakenByNobody() throws IOException {
        RemoteOptions options = RemoteOptions.usual().keepAlive(Duration.ofMillis(300));
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES);
                Network network = new Network(target.address());
                Remote remote = new Remote(options, network.port())) {
            network.withhold(IoOpcode.WRITE);
            Remote.Work first = remote.submit(Io.WRITE, 0, Remote.filled(4 * KIB, 2));
            remote.until("on its way", network::hasWithheld);
            network.withhold(-1);
            network.strand();
            assertThat(remote.await(first)).isEqualTo(IoStatus.OK);
            assertThat(target.endings()).contains("keep alive timer expired");
            remote.write(0, 4 * KIB, 3);
            network.deliver();
            remote.until("only one is left", () -> target.target().connected().size() == 1);
            assertThat(remote.read(0, 4 * KIB)).isEqualTo(3);
        }
    }

    @Test
    void theOtherPathTakesOver() {
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES);
                Network left = new Network(target.address());
                Network right = new Network(target.address());
                Remote remote = new Remote(RemoteOptions.usual(), left.port(), right.port())) {
            remote.until("both live", () -> remote.health().paths().stream().allMatch(PathView::live));
            assertThat(target.target().connected()).hasSize(2);
            remote.write(0, 64 * KIB, 1);
            left.down(true);
            for (int i = 0; i < 50; i++) {
                assertThat(remote.read(0, 64 * KIB)).isOne();
            }
            remote.until("lost", () -> !remote.health().paths().getFirst().live());
            remote.write(0, 64 * KIB, 2);
            left.down(false);
            remote.putForward(Duration.ofSeconds(10));
            remote.until(
                    "both live again", () -> remote.health().paths().stream().allMatch(PathView::live));
            right.down(true);
            assertThat(remote.read(0, 64 * KIB)).isEqualTo(2);
        }
    }
}
