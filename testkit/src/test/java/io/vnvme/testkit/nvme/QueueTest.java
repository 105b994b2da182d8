package io.vnvme.testkit.nvme;

import static io.vnvme.testkit.nvme.Guest.outcome;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.sim.Sharing;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Creation and deletion of I/O queues and all their errors (NVM Express Base 2.0, 5.4 to 5.7). */
@ParameterizedClass
@EnumSource(Sharing.class)
final class QueueTest {
    private static final int CONTIGUOUS = 1;

    private final Guest guest;
    private final NvmeDriver driver;

    QueueTest(Sharing sharing) {
        guest = Guest.start(sharing);
        driver = guest.driver();
    }

    @AfterEach
    void close() {
        guest.close();
    }

    @Test
    void sixtyFourPairsOfTheLargestSizeInAnyOrder() {
        assertThat(driver.queueCount(64)).isEqualTo(64);
        List<Integer> ids = new ArrayList<>();
        for (int id = 1; id <= 64; id++) {
            ids.add(id);
        }
        Collections.shuffle(ids, new Random(1));
        for (int id : ids) {
            driver.createPair(id, 1024, id);
        }
        for (int id : ids) {
            assertThat(driver.pair(id).execute(Command.flush(1)).ok()).isTrue();
            guest.settle();
            assertThat(guest.device().interrupts(id)).isGreaterThan(0);
        }
        Collections.shuffle(ids, new Random(2));
        ids.forEach(driver::deletePair);
        Collections.shuffle(ids, new Random(3));
        for (int id : ids) {
            driver.createPair(id, 2, 0);
            assertThat(driver.pair(id).execute(Command.flush(1)).ok()).isTrue();
        }
    }

    @Test
    void queueCountIsFixedOnceQueuesExist() {
        driver.queueCount(4);
        driver.createPair(1, 16, 1);
        assertThat(outcome(driver.admin(Command.setFeature(7, 0x0003_0003))))
                .isEqualTo(outcome(Status.COMMAND_SEQUENCE_ERROR));
        assertThat(driver.admin(Command.getFeature(7)).ok()).isTrue();
    }

    @Test
    void queueCountOfTheLargestValueIsInvalid() {
        assertThat(outcome(driver.admin(Command.setFeature(7, 0x0003_FFFF)))).isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(outcome(driver.admin(Command.setFeature(7, 0xFFFF_0003)))).isEqualTo(outcome(Status.INVALID_FIELD));
    }

    @Test
    void completionQueueErrors() {
        driver.queueCount(4);
        Buffer memory = guest.ram().allocate(4096);
        assertThat(createCq(0, 16, CONTIGUOUS, memory.iova())).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
        assertThat(createCq(65, 16, CONTIGUOUS, memory.iova())).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
        assertThat(createCq(0xFFFF, 16, CONTIGUOUS, memory.iova())).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
        assertThat(createCq(1, 1, CONTIGUOUS, memory.iova())).isEqualTo(outcome(Status.QUEUE_SIZE_INVALID));
        assertThat(createCq(1, driver.entryCountMax() + 1, CONTIGUOUS, memory.iova()))
                .isEqualTo(outcome(Status.QUEUE_SIZE_INVALID));
        assertThat(createCq(1, 16, 0, memory.iova())).isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(createCq(1, 16, CONTIGUOUS, memory.iova(8))).isEqualTo(outcome(Status.PRP_OFFSET_INVALID));
        assertThat(createCq(1, 16, 3 | 0x7FF << 16, memory.iova())).isEqualTo(outcome(Status.INTERRUPT_VECTOR_INVALID));
        assertThat(createCq(1, 16, CONTIGUOUS, memory.iova())).isEqualTo(outcome(Status.SUCCESS));
        assertThat(createCq(1, 16, CONTIGUOUS, memory.iova())).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
    }

    private String createCq(int id, int entryCount, int flags, long iova) {
        return outcome(driver.admin(Command.of(AdminOpcode.CREATE_CQ)
                .prp(iova, 0)
                .dword(10, id | ((entryCount - 1) << 16))
                .dword(11, flags)));
    }

    @Test
    void submissionQueueErrors() {
        driver.queueCount(4);
        Buffer memory = guest.ram().allocate(4096);
        driver.createCompletionQueue(1, 16, 1).orThrow();
        assertThat(createSq(0, 16, CONTIGUOUS, 1, memory.iova())).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
        assertThat(createSq(65, 16, CONTIGUOUS, 1, memory.iova())).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
        assertThat(createSq(1, 1, CONTIGUOUS, 1, memory.iova())).isEqualTo(outcome(Status.QUEUE_SIZE_INVALID));
        assertThat(createSq(1, driver.entryCountMax() + 1, CONTIGUOUS, 1, memory.iova()))
                .isEqualTo(outcome(Status.QUEUE_SIZE_INVALID));
        assertThat(createSq(1, 16, 0, 1, memory.iova())).isEqualTo(outcome(Status.INVALID_FIELD));
        assertThat(createSq(1, 16, CONTIGUOUS, 1, memory.iova(4))).isEqualTo(outcome(Status.PRP_OFFSET_INVALID));
        assertThat(createSq(1, 16, CONTIGUOUS, 0, memory.iova())).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
        assertThat(createSq(1, 16, CONTIGUOUS, 99, memory.iova())).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
        assertThat(createSq(1, 16, CONTIGUOUS, 2, memory.iova())).isEqualTo(outcome(Status.CQ_INVALID));
        assertThat(createSq(1, 16, CONTIGUOUS, 1, memory.iova())).isEqualTo(outcome(Status.SUCCESS));
        assertThat(createSq(1, 16, CONTIGUOUS, 1, memory.iova())).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
    }

    private String createSq(int id, int entryCount, int flags, int completionQueueId, long iova) {
        return outcome(driver.admin(Command.of(AdminOpcode.CREATE_SQ)
                .prp(iova, 0)
                .dword(10, id | ((entryCount - 1) << 16))
                .dword(11, flags | completionQueueId << 16)));
    }

    @Test
    void deletionErrors() {
        driver.queueCount(4);
        driver.createPair(2, 16, 1);
        assertThat(outcome(driver.deleteSubmissionQueue(0))).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
        assertThat(outcome(driver.deleteSubmissionQueue(1))).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
        assertThat(outcome(driver.deleteSubmissionQueue(0xFFFF))).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
        assertThat(outcome(driver.deleteCompletionQueue(0))).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
        assertThat(outcome(driver.deleteCompletionQueue(1))).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
        assertThat(outcome(driver.deleteCompletionQueue(2))).isEqualTo(outcome(Status.QUEUE_DELETION_INVALID));
        driver.deletePair(2);
        assertThat(outcome(driver.deleteSubmissionQueue(2))).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
        assertThat(outcome(driver.deleteCompletionQueue(2))).isEqualTo(outcome(Status.QUEUE_ID_INVALID));
    }

    @Test
    void manySubmissionQueuesShareACompletionQueue() {
        driver.queueCount(8);
        driver.createCompletionQueue(3, 8, 2).orThrow();
        for (int id = 1; id <= 8; id++) {
            driver.createSubmissionQueue(id, 32, 3, 0).orThrow();
        }
        List<Integer> cids = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            for (int id = 1; id <= 8; id++) {
                cids.add(driver.pair(id).submissions().submit(Command.flush(1)));
            }
        }
        for (int id = 1; id <= 8; id++) {
            driver.pair(id).submissions().ring();
        }
        int next = 0;
        for (int i = 0; i < 30; i++) {
            for (int id = 1; id <= 8; id++) {
                assertThat(driver.pair(id).await(cids.get(next++)).ok()).isTrue();
            }
        }
        for (int id = 1; id <= 8; id++) {
            assertThat(outcome(driver.deleteCompletionQueue(3))).isEqualTo(outcome(Status.QUEUE_DELETION_INVALID));
            driver.deleteSubmissionQueue(id).orThrow();
        }
        driver.deleteCompletionQueue(3).orThrow();
    }

    @Test
    void fullCompletionQueueHoldsCommandsBack() {
        driver.queueCount(1);
        driver.createCompletionQueue(1, 4, 1).orThrow();
        driver.createSubmissionQueue(1, 64, 1, 0).orThrow();
        QueuePair pair = driver.pair(1);
        for (int i = 0; i < 60; i++) {
            pair.submissions().submit(Command.flush(1));
        }
        pair.submissions().ring();
        guest.settle();
        int total = 0;
        int rounds = 0;
        while (total < 60) {
            int count = pair.completions().drain();
            assertThat(count).isBetween(1, 3);
            total += count;
            rounds++;
            guest.settle();
        }
        assertThat(rounds).isGreaterThanOrEqualTo(20);
        assertThat(pair.completions().drain()).isZero();
    }

    @Test
    void deletingAQueueEndsItsCommands() {
        driver.queueCount(2);
        QueuePair pair = driver.createPair(1, 64, 1);
        guest.drive().hold(true);
        List<Integer> cids = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            cids.add(pair.start(Command.flush(1)));
        }
        guest.settle();
        int deletion = driver.admin().start(Command.of(AdminOpcode.DELETE_SQ).dword(10, 1));
        guest.settle();
        guest.drive().hold(false);
        Completion deleted = driver.admin().await(deletion);
        assertThat(deleted.ok()).isTrue();
        for (int cid : cids) {
            Completion completion = pair.await(cid);
            assertThat(outcome(completion)).isIn(outcome(Status.SUCCESS), outcome(Status.ABORTED_SQ_DELETION));
        }
        driver.deleteCompletionQueue(1).orThrow();
    }

    @Test
    void queuesOutsideMemoryHarmOnlyThisController() {
        driver.queueCount(2);
        try (var other = guest.otherDevice()) {
            NvmeDriver neighbour = NvmeDriver.start(other);
            neighbour.queueCount(1);
            QueuePair neighbourPair = neighbour.createPair(1, 16, 1);
            assertThat(createCq(1, 16, CONTIGUOUS, 0x7777_0000_0000L))
                    .isIn(outcome(Status.SUCCESS), outcome(Status.INVALID_FIELD), outcome(Status.DATA_TRANSFER_ERROR));
            driver.createCompletionQueue(2, 16, 1).orThrow();
            String created = createSq(2, 16, CONTIGUOUS, 2, 0x7777_0000_0000L);
            if (created.equals(outcome(Status.SUCCESS))) {
                guest.device().doorbellPage().set(java.lang.foreign.ValueLayout.JAVA_INT, 16, 1);
                driver.until("CFS", driver::fatal);
            }
            assertThat(neighbourPair.execute(Command.flush(1)).ok()).isTrue();
            assertThat(neighbour.fatal()).isFalse();
        }
    }
}
