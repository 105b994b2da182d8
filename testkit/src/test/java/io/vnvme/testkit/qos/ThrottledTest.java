package io.vnvme.testkit.qos;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import io.vnvme.qos.Limits;
import io.vnvme.qos.Share;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.EnableOptions;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.ram.Buffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A guest whose vNVMe has limits: it sees latency, and otherwise what it would see without. */
final class ThrottledTest {
    private static final long SECOND_STEPS = 1_000_000;
    private static final int BLOCKS = 8;
    private static final Limits ONE_A_SECOND = new Limits(0, 0, 1, 0, 0, 0, 0);

    private final Guests guests = Guests.onRam(2);
    private final Guests.One guest = guests.guest(0);
    private final Buffer data = guest.device().ram().allocate(1 << 20);

    @AfterEach
    void close() {
        data.close();
        guests.close();
    }

    private Command read(long lba) {
        return Command.read(1, lba, BLOCKS).data(Prp.of(data, 0, 4096, 4096, 0));
    }

    private Command write(long lba) {
        return Command.write(1, lba, BLOCKS).data(Prp.of(data, 0, 4096, 4096, 0));
    }

    /** Takes what has completed without waiting. */
    private List<Completion> completed() {
        List<Completion> all = new ArrayList<>();
        for (Completion one = guest.pair().completions().poll();
                one != null;
                one = guest.pair().completions().poll()) {
            all.add(one);
        }
        guest.pair().completions().ring();
        return all;
    }

    private static String code(int status) {
        return "0x%x".formatted(Status.typeAndCode(status));
    }

    @Test
    void commandsASecond() {
        guests.limit(0, new Limits(0, 0, 777, 0, 0, 0, 0));
        try (Load load = new Load(guest, 32, 4096, false);
                Load free = new Load(guests.guest(1), 1, 4096, false)) {
            long before = 0;
            for (int second = 0; second < 2; second++) {
                for (long step = 0; step < SECOND_STEPS; step++) {
                    guests.host.step();
                    load.turn();
                    free.turn();
                }
                assertThat(load.completed() - before).isBetween(777L - 16, 777L + 16);
                before = load.completed();
            }
            assertThat(free.completed()).as("of the neighbour, one a pass").isEqualTo(2 * SECOND_STEPS);
        }
    }

    @Test
    void bytesASecond() {
        guests.limit(0, new Limits(0, 0, 0, 0, 100 << 20, 0, 0));
        try (Load load = new Load(guest, 32, 64 << 10, true)) {
            for (long step = 0; step < SECOND_STEPS; step++) {
                guests.host.step();
                load.turn();
            }
            assertThat(load.completedBytes()).isBetween(98L << 20, 102L << 20);
        }
    }

    @Test
    void flushesAndDeallocationsPass() {
        guests.limit(0, ONE_A_SECOND);
        guest.pair().execute(read(0)).orThrow();
        int waits = guest.pair().start(read(0));
        guests.steps(10);
        guest.pair().execute(Command.flush(1)).orThrow();
        data.segment().asSlice(0, 16).fill((byte) 0);
        guest.pair()
                .execute(Command.of(IoOpcode.DATASET_MANAGEMENT)
                        .nsid(1)
                        .dword(11, 4)
                        .data(Prp.of(data, 0, 16, 4096, 0)))
                .orThrow();
        guests.steps(SECOND_STEPS);
        assertThat(guest.pair().await(waits).ok()).isTrue();
    }

    @Test
    void aWriteThatWaitsHoldsNoRead() {
        guests.limit(0, new Limits(0, 1, 0, 0, 0, 0, 0));
        guest.pair().execute(write(0)).orThrow();
        int write = guest.pair().start(write(0));
        for (int i = 0; i < 100; i++) {
            guest.pair().execute(read(0)).orThrow();
        }
        guests.guest(0).share().set(Limits.NONE, Share.WEIGHT_DEFAULT, null);
        assertThat(guest.pair().await(write).ok()).isTrue();
    }

    @Test
    void oneThatWaitsCanBeAborted() {
        guests.limit(0, ONE_A_SECOND);
        guest.pair().execute(read(0)).orThrow();
        int first = guest.pair().start(read(0));
        int second = guest.pair().start(read(0));
        guests.steps(10);
        Completion abort = guest.driver().admin(Command.abort(1, first));
        assertThat(abort.dword0() & 1).as("0: aborted").isZero();
        assertThat(code(guest.pair().await(first).status())).isEqualTo(code(Status.ABORT_REQUESTED));
        guests.steps(SECOND_STEPS);
        assertThat(guest.pair().await(second).ok()).isTrue();
    }

    @Test
    void aQueueIsDeletedWithoutWaitingForCredit() {
        guests.limit(0, ONE_A_SECOND);
        guest.pair().execute(read(0)).orThrow();
        for (int i = 0; i < 20; i++) {
            guest.pair().start(read(i));
        }
        guests.steps(10);
        long before = guests.host.clock().nowNs();
        guest.driver().deleteSubmissionQueue(1).orThrow();
        assertThat(guests.host.clock().nowNs() - before).isLessThan(100_000);
    }

    @Test
    void aResetForgetsWhatWaits() {
        guests.limit(0, ONE_A_SECOND);
        guest.pair().execute(read(0)).orThrow();
        for (int i = 0; i < 20; i++) {
            guest.pair().start(i % 2 == 0 ? read(i) : write(i));
        }
        guests.steps(10);
        guest.driver().disable();
        guest.driver().enable(EnableOptions.usual());
        var pair = guest.driver().createPair(1, 64, 1);
        guests.limit(0, Limits.NONE);
        pair.execute(read(0)).orThrow();
        guests.steps(100);
        assertThat(pair.completions().poll()).as("nothing of before").isNull();
    }

    @Test
    void whenTheNamespaceLeavesWhatWaitsIsTold() {
        guests.limit(0, ONE_A_SECOND);
        guest.pair().execute(read(0)).orThrow();
        int waits = guest.pair().start(read(0));
        guests.steps(10);
        guest.device().controller().namespaces().detach(1);
        assertThat(code(guest.pair().await(waits).status())).isEqualTo(code(Status.INVALID_FIELD));
        guest.device().controller().namespaces().attach(guest.namespace());
        guests.steps(SECOND_STEPS);
        guest.pair().execute(read(0)).orThrow();
    }

    @Test
    void aFusedPairGoesAsOne() {
        guests.limit(0, ONE_A_SECOND);
        guest.pair().execute(read(0)).orThrow();
        Command compare = Command.of(IoOpcode.COMPARE)
                .nsid(1)
                .range(0, 1)
                .data(Prp.of(data, 0, 512, 4096, 0))
                .fuse(Sqe.FUSE_FIRST);
        Command write =
                Command.write(1, 0, 1).data(Prp.of(data, 0, 512, 4096, 0)).fuse(Sqe.FUSE_SECOND);
        int first = guest.pair().submissions().submit(compare);
        int second = guest.pair().start(write);
        guests.steps(10);
        assertThat(completed()).isEmpty();
        guests.steps(SECOND_STEPS);
        assertThat(guest.pair().await(first).ok()).isTrue();
        assertThat(guest.pair().await(second).ok()).isTrue();
        // The pair was two commands: the next one waits for two seconds.
        int next = guest.pair().start(read(0));
        guests.steps(SECOND_STEPS);
        assertThat(guest.pair().completions().poll()).isNull();
        guests.steps(SECOND_STEPS);
        assertThat(guest.pair().await(next).ok()).isTrue();
    }

    @Test
    void aCopyIsCountedByWhatItCopies() {
        guests.limit(0, new Limits(0, 0, 0, 0, 1 << 20, 0, 0));
        // Two ranges of 1 MiB from the beginning.
        data.segment().asSlice(0, 64).fill((byte) 0);
        for (int range = 0; range < 2; range++) {
            data.segment().set(java.lang.foreign.ValueLayout.JAVA_SHORT, range * 32 + 16, (short) 2047);
        }
        Command copy =
                Command.of(IoOpcode.COPY).nsid(1).range(4096, 1).dword(12, 1).data(Prp.of(data, 0, 64, 4096, 0));
        guest.pair().execute(copy).orThrow();
        int write = guest.pair().start(write(0));
        guests.steps(SECOND_STEPS * 19 / 10);
        assertThat(guest.pair().completions().poll()).isNull();
        guests.steps(SECOND_STEPS / 5);
        assertThat(guest.pair().await(write).ok()).isTrue();
    }

    @Test
    void nothingHappensWithoutBusMastering() {
        guests.limit(0, new Limits(0, 0, 1000, 0, 0, 0, 0));
        guest.pair().execute(read(0)).orThrow();
        for (int i = 0; i < 30; i++) {
            guest.pair().start(read(i));
        }
        guests.steps(10);
        completed();
        guest.device().busMaster(false);
        guests.steps(SECOND_STEPS / 10);
        assertThat(completed()).isEmpty();
        guest.device().busMaster(true);
        guests.steps(10);
        assertThat(completed()).isNotEmpty();
    }
}
