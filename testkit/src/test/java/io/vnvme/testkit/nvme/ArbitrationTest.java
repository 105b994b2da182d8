package io.vnvme.testkit.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.EnableOptions;
import io.vnvme.testkit.driver.NvmeDriver;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whose commands come first (NVM Express Base 2.0, 3.4.4), seen from one shared completion queue. */
final class ArbitrationTest {
    private static final int EACH = 63;
    private static final int WEIGHTED = 1;

    private final Guest guest = Guest.start();
    private final NvmeDriver driver = guest.driver();

    @AfterEach
    void close() {
        guest.close();
    }

    /** Fills a queue for each priority while nothing is fetched; returns queue identifiers in order of completion. */
    private List<Integer> order(int arbitrationFeature, int... priorities) {
        driver.queueCount(priorities.length);
        driver.admin(Command.setFeature(1, arbitrationFeature)).orThrow();
        driver.createCompletionQueue(1, 1024, 1).orThrow();
        for (int i = 0; i < priorities.length; i++) {
            driver.createSubmissionQueue(i + 1, EACH + 1, 1, priorities[i]).orThrow();
        }
        guest.device().busMaster(false);
        for (int id = 1; id <= priorities.length; id++) {
            for (int i = 0; i < EACH; i++) {
                // Refused at once: completions come in the order of fetching.
                driver.pair(id).submissions().submit(Command.read(1, -1, 1));
            }
            driver.pair(id).submissions().ring();
        }
        guest.device().busMaster(true);
        guest.settle();
        List<Integer> order = new ArrayList<>();
        for (Completion entry = driver.pair(1).completions().poll();
                entry != null;
                entry = driver.pair(1).completions().poll()) {
            order.add(entry.sqId());
        }
        assertThat(order).hasSize(EACH * priorities.length);
        return order;
    }

    @Test
    void roundRobinTakesTurns() {
        List<Integer> order = order(0, 0, 0, 0, 0);
        for (int i = 0; i < order.size(); i += 4) {
            assertThat(order.subList(i, i + 4)).containsExactlyInAnyOrder(1, 2, 3, 4);
        }
    }

    @Test
    void burstsAreAsLongAsTheHostSays() {
        List<Integer> order = order(3, 0, 0);
        assertThat(order.subList(0, 8)).containsOnly(1);
        assertThat(order.subList(8, 16)).containsOnly(2);
        assertThat(order.subList(16, 24)).containsOnly(1);
    }

    @Test
    void weightsShareWhatUrgentQueuesLeave() {
        driver.disable();
        driver.enable(EnableOptions.usual().withArbitration(WEIGHTED));
        List<Integer> order = order(0x0703_0100, 3, 2, 1, 0);
        assertThat(order.subList(0, EACH)).as("urgent first").containsOnly(4);
        List<Integer> shared = order.subList(EACH, EACH + 28);
        assertThat(Collections.frequency(shared, 3)).as("high, weight 8").isEqualTo(16);
        assertThat(Collections.frequency(shared, 2)).as("medium, weight 4").isEqualTo(8);
        assertThat(Collections.frequency(shared, 1)).as("low, weight 2").isEqualTo(4);
    }
}
