package io.vnvme.testkit.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.telemetry.CommandMeter;
import io.vnvme.telemetry.LatencyCounts;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.Buffer;
import org.junit.jupiter.api.Test;

/** What the daemon knows of its guests' commands. */
class CommandMeterTest {
    private static final long HELD_NS = 3_000_000;

    @Test
    void countsEachCommandWithTheTimeThatItsDriveTook() {
        try (Guest guest = Guest.start();
                Buffer data = guest.ram().allocate(4096)) {
            QueuePair pair = guest.ioPair();
            CommandMeter meter = guest.namespaces().getFirst().commands();
            pair.execute(Command.write(1, 0, 8), Prp.of(data)).orThrow();
            pair.execute(Command.flush(1)).orThrow();
            guest.drive().hold(true);
            int cid = pair.start(Command.read(1, 0, 8).prp(data.iova(), 0));
            guest.settle();
            assertThat(guest.namespaces().getFirst().controllers().getFirst().inFlight())
                    .isEqualTo(1);
            assertThat(meter.read(CommandMeter.READ).total()).isZero();
            guest.host().clock().advance(HELD_NS);
            guest.drive().hold(false);
            pair.await(cid).orThrow();
            guest.settle();
            LatencyCounts reads = meter.read(CommandMeter.READ);
            assertThat(reads.total()).isEqualTo(1);
            assertThat(reads.sumNs()).isGreaterThan(HELD_NS).isLessThan(2 * HELD_NS);
            assertThat(meter.read(CommandMeter.WRITE).total()).isEqualTo(1);
            assertThat(meter.read(CommandMeter.WRITE).sumNs()).isPositive().isLessThan(HELD_NS);
            assertThat(meter.read(CommandMeter.OTHER).total()).isEqualTo(1);
            assertThat(guest.namespaces().getFirst().controllers().getFirst().inFlight())
                    .isZero();
        }
    }

    @Test
    void aCommandThatFailsIsCountedAndOneForNoNamespaceIsNot() {
        try (Guest guest = Guest.start()) {
            QueuePair pair = guest.ioPair();
            CommandMeter meter = guest.namespaces().getFirst().commands();
            assertThat(pair.execute(Command.read(1, Guest.NAMESPACE_BYTES, 8)).ok())
                    .isFalse();
            assertThat(pair.execute(Command.read(77, 0, 8)).ok()).isFalse();
            guest.settle();
            assertThat(meter.read(CommandMeter.READ).total()).isEqualTo(1);
        }
    }
}
