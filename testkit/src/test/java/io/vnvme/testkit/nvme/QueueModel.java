package io.vnvme.testkit.nvme;

import static io.vnvme.testkit.nvme.Guest.outcome;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.EnableOptions;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.sim.Faults;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;

/** A guest that creates and deletes queues and resets in the midst of commands, and knows what has to come of it. */
final class QueueModel {
    private static final int IDS = 6;

    private record Waiting(int sqId, int cid) {}

    private final Guest guest;
    private final NvmeDriver driver;
    private final SplittableRandom random;
    private final Buffer data;
    private final TreeSet<Integer> completionQueues = new TreeSet<>();
    private final Map<Integer, Integer> submissionQueues = new HashMap<>();
    private final List<Waiting> waiting = new ArrayList<>();

    private final boolean shadow;
    private final Buffer shadowDoorbells;
    private final Buffer eventIndexes;

    /** @param shadow use shadow doorbells, where the controller can look at them */
    QueueModel(Guest guest, SplittableRandom random, boolean shadow) {
        this.guest = guest;
        this.random = random;
        this.shadow = shadow;
        driver = guest.driver();
        data = guest.ram().allocate(4096);
        shadowDoorbells = guest.ram().allocateContiguous(4096, 4096);
        eventIndexes = guest.ram().allocateContiguous(4096, 4096);
        useShadow();
        guest.drive().faults(Faults.delays(50_000));
    }

    private void useShadow() {
        if (shadow) {
            shadowDoorbells.segment().fill((byte) 0);
            eventIndexes.segment().fill((byte) 0);
            // Refused where the controller would need messages to look at them.
            driver.useShadowDoorbells(shadowDoorbells, eventIndexes);
        }
    }

    /** Does one thing and checks what came of it. */
    void step() {
        switch (random.nextInt(20)) {
            case 0, 1 -> createCompletionQueue(random.nextInt(IDS));
            case 2, 3, 4 -> createSubmissionQueue(random.nextInt(IDS), random.nextInt(IDS));
            case 5 -> deleteCompletionQueue(random.nextInt(IDS));
            case 6 -> deleteSubmissionQueue(random.nextInt(IDS));
            case 7 -> {
                if (random.nextInt(10) == 0) {
                    reset();
                }
            }
            case 8 -> guest.host().step();
            case 9 -> settleAll();
            default -> submit();
        }
    }

    private void createCompletionQueue(int id) {
        Completion completion = driver.createCompletionQueue(id, 2 + random.nextInt(60), 1);
        boolean possible = id != 0 && !completionQueues.contains(id);
        assertThat(outcome(completion)).isEqualTo(outcome(possible ? Status.SUCCESS : Status.QUEUE_ID_INVALID));
        if (possible) {
            completionQueues.add(id);
        }
    }

    private void createSubmissionQueue(int id, int completionQueue) {
        Completion completion =
                driver.createSubmissionQueue(id, 2 + random.nextInt(60), completionQueue, random.nextInt(4));
        boolean idFree = id != 0 && !submissionQueues.containsKey(id);
        List<String> allowed = new ArrayList<>();
        if (completionQueue == 0 || !idFree) {
            allowed.add(outcome(Status.QUEUE_ID_INVALID));
        }
        if (completionQueue != 0 && !completionQueues.contains(completionQueue)) {
            allowed.add(outcome(Status.CQ_INVALID));
        }
        if (allowed.isEmpty()) {
            allowed.add(outcome(Status.SUCCESS));
            submissionQueues.put(id, completionQueue);
        }
        assertThat(outcome(completion)).isIn(allowed);
    }

    private void deleteCompletionQueue(int id) {
        int expected = !completionQueues.contains(id)
                ? Status.QUEUE_ID_INVALID
                : submissionQueues.containsValue(id) ? Status.QUEUE_DELETION_INVALID : Status.SUCCESS;
        assertThat(outcome(driver.deleteCompletionQueue(id))).isEqualTo(outcome(expected));
        if (expected == Status.SUCCESS) {
            completionQueues.remove(id);
        }
    }

    private void deleteSubmissionQueue(int id) {
        boolean there = submissionQueues.containsKey(id);
        assertThat(outcome(driver.deleteSubmissionQueue(id)))
                .isEqualTo(outcome(there ? Status.SUCCESS : Status.QUEUE_ID_INVALID));
        // Commands that were not fetched are gone without a completion; the others have theirs.
        waiting.removeIf(command -> command.sqId() == id);
        submissionQueues.remove(id);
    }

    private void submit() {
        if (submissionQueues.isEmpty()) {
            return;
        }
        List<Integer> ids = List.copyOf(submissionQueues.keySet());
        QueuePair pair = driver.pair(ids.get(random.nextInt(ids.size())));
        if (pair.submissions().full()) {
            pair.completions().drain();
        } else {
            int cid = pair.start(Command.read(1, random.nextInt(1000), 8).data(Prp.of(data)));
            waiting.add(new Waiting(pair.id(), cid));
        }
    }

    /** Every command has completed, once. */
    void settleAll() {
        for (Waiting command : waiting) {
            Completion completion = driver.pair(command.sqId()).await(command.cid());
            assertThat(completion.ok()).as("%s", completion).isTrue();
        }
        waiting.clear();
        guest.settle();
        for (int id : submissionQueues.keySet()) {
            assertThat(driver.pair(id).completions().drain())
                    .as("completions of nothing")
                    .isZero();
        }
    }

    private void reset() {
        if (random.nextBoolean()) {
            driver.disable();
        } else {
            guest.device().reset();
            driver.until("reset", () -> !driver.ready());
        }
        waiting.clear();
        completionQueues.clear();
        submissionQueues.clear();
        driver.enable(EnableOptions.usual());
        useShadow();
    }
}
