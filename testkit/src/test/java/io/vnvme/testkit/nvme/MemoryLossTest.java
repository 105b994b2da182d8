package io.vnvme.testkit.nvme;

import static io.vnvme.testkit.nvme.Guest.outcome;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.InProcessDevice;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.sim.Faults;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A guest that takes memory away while the controller uses it. */
final class MemoryLossTest {
    private static final long REGION = 1 << 20;

    private final Guest guest = Guest.start(RamLayout.adjacent(16 << 20, REGION));
    private final NvmeDriver driver = guest.driver();
    private final QueuePair pair = guest.ioPair();

    @AfterEach
    void close() {
        guest.close();
    }

    /** A megabyte that is a region of its own, and that region's number. */
    private Buffer wholeRegion() {
        Buffer filler = guest.ram().allocate(REGION - guest.ram().allocate(4096).offset() % REGION - 4096);
        Buffer region = guest.ram().allocate(REGION);
        assertThat(region.offset() % REGION).isZero();
        assertThat(filler.sizeBytes()).isPositive();
        return region;
    }

    @Test
    void unmappingWaitsForCommandsInFlight() {
        Buffer data = wholeRegion();
        int region = (int) (data.offset() / REGION);
        guest.drive().faults(Faults.delays(100_000));
        int[] cids = new int[32];
        for (int i = 0; i < cids.length; i++) {
            cids[i] = pair.start(Command.read(1, i, 8).data(Prp.of(data, i * 4096L, 4096, 4096, 0)));
        }
        for (int i = 0; i < 5; i++) {
            guest.host().step();
        }
        assertThat(guest.drive().pendingCount()).isPositive();
        guest.device().unmapRegion(region);
        assertThat(guest.drive().pendingCount()).isZero();
        for (int cid : cids) {
            assertThat(outcome(pair.await(cid))).isIn(outcome(Status.SUCCESS), outcome(Status.DATA_TRANSFER_ERROR));
        }
        assertThat(outcome(pair.execute(Command.read(1, 0, 8), Prp.of(data, 0, 4096, 4096, 0))))
                .isEqualTo(outcome(Status.DATA_TRANSFER_ERROR));
        guest.device().mapRegion(region);
        assertThat(pair.execute(Command.read(1, 0, 8), Prp.of(data, 0, 4096, 4096, 0))
                        .ok())
                .isTrue();
        assertThat(driver.fatal()).isFalse();
    }

    @Test
    void queuesThatLoseTheirMemoryStopTheControllerAlone() {
        try (InProcessDevice otherDevice = guest.otherDevice()) {
            NvmeDriver other = NvmeDriver.start(otherDevice);
            QueuePair otherPair = other.createPair(1, 16, 1);
            int region = (int) (pair.submissions().memory().offset() / REGION);
            guest.device().unmapRegion(region);
            pair.submissions().submit(Command.flush(1));
            pair.submissions().ring();
            driver.until("CFS", driver::fatal);
            assertThat(otherPair.execute(Command.flush(1)).ok()).isTrue();
            guest.device().mapRegion(region);
            driver.disable();
            driver.enable(io.vnvme.testkit.driver.EnableOptions.usual());
            assertThat(guest.ioPair().execute(Command.flush(1)).ok()).isTrue();
        }
    }
}
