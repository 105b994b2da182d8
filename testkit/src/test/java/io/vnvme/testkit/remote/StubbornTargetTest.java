package io.vnvme.testkit.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.nvmetcp.PathView;
import io.vnvme.drive.nvmetcp.RemoteOptions;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.testkit.server.ServedTarget;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Targets that answer, but not as they should: what passes is stood, and what does not is an error in the end. */
class StubbornTargetTest {
    private static final int DRIVE_BYTES = 4 << 20;
    private static final int BLOCK = 4096;
    private static final int CAPSULE_RESP = 5;
    private static final int C2H_DATA = 7;
    private static final int DATA_AT = 30;
    private static final int STATUS_AT = 22;
    /** NAMESPACE_NOT_READY, above the phase bit. */
    private static final byte NOT_READY = (byte) (0x82 << 1 & 0xff);

    private static final int STRIKES = 5;
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    /** Longer than a test takes: no Keep Alive is under way when the clock is put forward. */
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(18);

    private final ServedTarget target = ServedTarget.open(DRIVE_BYTES);
    private final Network network = new Network(target.address());

    @AfterEach
    void nothingFailed() {
        network.close();
        target.close();
        assertThat(target.failures()).isEmpty();
    }

    private Remote open(boolean digests) {
        RemoteOptions options = RemoteOptions.usual()
                .keepAlive(KEEP_ALIVE)
                .commandTimeout(TIMEOUT)
                .digests(false, digests);
        return new Remote(options, network.port());
    }

    private static long losses(Remote remote) {
        return remote.health().paths().getFirst().losses();
    }

    private static Remote.Work flush(Remote remote) {
        return remote.submit(Io.FLUSH, 0, MemorySegment.NULL);
    }

    @Test
    void aCommandThatIsNotAnsweredIsSentAgainByAnotherConnection() {
        try (Remote remote = open(false)) {
            network.withhold(IoOpcode.FLUSH);
            Remote.Work flush = flush(remote);
            remote.until("on its way", network::hasWithheld);
            network.withhold(-1);
            remote.putForward(TIMEOUT.plusSeconds(1));
            assertThat(remote.await(flush)).isEqualTo(IoStatus.OK);
            assertThat(remote.health().timeouts()).isOne();
            assertThat(losses(remote)).isOne();
        }
    }

    @Test
    void oneThatIsNeverAnsweredFails() {
        try (Remote remote = open(false)) {
            network.withhold(IoOpcode.FLUSH);
            Remote.Work flush = flush(remote);
            for (int strike = 1; strike <= STRIKES; strike++) {
                int withheld = strike;
                remote.until("on its way", () -> network.withheldCount() == withheld);
                assertThat(flush.ended()).isFalse();
                remote.putForward(TIMEOUT.plusSeconds(1));
            }
            assertThat(remote.await(flush)).isEqualTo(IoStatus.WRITE_ERROR);
            assertThat(remote.health().timeouts()).isEqualTo(STRIKES);
            network.withhold(-1);
            assertThat(remote.await(flush(remote))).isEqualTo(IoStatus.OK);
        }
    }

    private static byte[] damaged(byte[] pdu) {
        if (pdu[0] == C2H_DATA) {
            pdu[DATA_AT] ^= 1;
        }
        return pdu;
    }

    @Test
    void dataThatArrivesDamagedIsReadAgainAndCostsNobodyElseAnything() {
        AtomicInteger left = new AtomicInteger(3);
        try (Remote remote = open(true)) {
            remote.write(0, BLOCK, 1);
            network.change(pdu -> pdu[0] == C2H_DATA && left.getAndDecrement() > 0 ? damaged(pdu) : pdu);
            assertThat(remote.read(0, BLOCK)).isOne();
            assertThat(left).hasNonPositiveValue();
            assertThat(losses(remote)).isZero();
        }
    }

    @Test
    void dataThatAlwaysArrivesDamagedIsAnError() {
        AtomicInteger tries = new AtomicInteger();
        try (Remote remote = open(true)) {
            remote.write(0, BLOCK, 1);
            network.change(pdu -> {
                tries.addAndGet(pdu[0] == C2H_DATA ? 1 : 0);
                return damaged(pdu);
            });
            Remote.Work read = remote.submit(Io.READ, 0, Remote.filled(BLOCK, 0));
            passing(remote, read);
            assertThat(read.status()).isEqualTo(IoStatus.READ_ERROR);
            assertThat(tries).hasValue(21);
            assertThat(remote.health().readErrors()).isOne();
            assertThat(losses(remote)).isZero();
            network.change(pdu -> pdu);
            assertThat(remote.read(0, BLOCK)).isOne();
        }
    }

    /** Time passes faster, but not so fast that a Keep Alive is late. */
    private static void passing(Remote remote, Remote.Work work) {
        remote.until("work ends", () -> {
            if (!work.ended() && remote.health().held() > 0) {
                remote.putForward(Duration.ofMillis(20));
            }
            return work.ended();
        });
    }

    /** A second is long for a computer: what passes within it must not cost all tries. */
    @Test
    void whatIsNotReadyYetIsGivenTime() {
        AtomicBoolean ready = new AtomicBoolean();
        AtomicInteger refusals = new AtomicInteger();
        try (Remote remote = open(false)) {
            network.change(pdu -> {
                if (pdu[0] == CAPSULE_RESP && !ready.get()) {
                    pdu[STATUS_AT] = NOT_READY;
                    pdu[STATUS_AT + 1] = 1;
                    refusals.incrementAndGet();
                }
                return pdu;
            });
            Remote.Work write = remote.submit(Io.WRITE, 0, Remote.filled(BLOCK, 1));
            long untilNs = remote.nowNs() + Duration.ofSeconds(1).toNanos();
            remote.until("a second is over", () -> {
                remote.putForward(Duration.ofMillis(1));
                return remote.nowNs() >= untilNs;
            });
            assertThat(write.ended()).isFalse();
            assertThat(refusals.get()).isBetween(2, 12);
            ready.set(true);
            passing(remote, write);
            assertThat(write.status()).isEqualTo(IoStatus.OK);
        }
    }

    /** One that breaks the protocol whenever it is asked for the same thing. */
    @Test
    void anAnswerThatNeverMakesSenseIsAnErrorInTheEnd() {
        try (Remote remote = open(false)) {
            remote.write(0, 2 * BLOCK, 1);
            network.change(pdu -> {
                if (pdu[0] == C2H_DATA && pdu.length > 2 * BLOCK) {
                    // More than what is read in the set-up. DATAL: longer than it is.
                    pdu[17]++;
                }
                return pdu;
            });
            Remote.Work read = remote.submit(Io.READ, 0, Remote.filled(2 * BLOCK, 0));
            remote.until("work ends", () -> {
                if (!read.ended() && !remote.health().paths().stream().allMatch(PathView::live)) {
                    remote.putForward(Duration.ofMillis(20));
                }
                return read.ended();
            });
            assertThat(read.status()).isEqualTo(IoStatus.READ_ERROR);
            assertThat(losses(remote)).isEqualTo(STRIKES);
            network.change(pdu -> pdu);
            assertThat(remote.read(0, BLOCK)).isOne();
        }
    }
}
