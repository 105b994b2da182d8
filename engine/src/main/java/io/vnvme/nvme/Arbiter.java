package io.vnvme.nvme;

import io.vnvme.nvme.wire.Registers;
import java.util.Arrays;

/**
 * Whose turn it is (NVM Express Base 2.0, 3.4.4): round robin over all I/O queues, or strict priority of the urgent
 * class with weights for the other three. The admin queue comes before all.
 */
final class Arbiter {
    /** Classes of submission queues: urgent, high, medium, low. */
    private static final int CLASSES = 4;
    /** Commands of one queue in one turn when the host sets no limit. */
    private static final int BURST_MAX = 64;

    private final Controller controller;
    private SubmissionQueue[] all = new SubmissionQueue[0];
    private final SubmissionQueue[][] byClass = new SubmissionQueue[CLASSES][0];
    private int burst = BURST_MAX;
    /** Commands of one queue in one turn, by class. */
    private final int[] quotas = new int[CLASSES];
    /** The queue whose turn comes first, by class; the last place is that of all queues together. */
    private final int[] starts = new int[CLASSES + 1];

    private boolean weighted;

    Arbiter(Controller controller) {
        this.controller = controller;
    }

    /** Takes up the I/O queues that there are, and how to choose among them. */
    void configure(SubmissionQueue[] queues, int arbitrationMechanism, int feature) {
        all = queues;
        weighted = arbitrationMechanism == Registers.AMS_WEIGHTED;
        for (int c = 0; c < CLASSES; c++) {
            int priority = c;
            byClass[c] =
                    Arrays.stream(queues).filter(q -> q.priority() == priority).toArray(SubmissionQueue[]::new);
        }
        int burstCode = feature & 7;
        burst = burstCode == 7 ? BURST_MAX : Math.min(BURST_MAX, 1 << burstCode);
        int heaviest = 1 + Math.max(feature >>> 24, Math.max(feature >>> 16 & 0xff, feature >>> 8 & 0xff));
        for (int c = 1; c < CLASSES; c++) {
            // Weights of the high, medium and low class are in bits 31:24, 23:16 and 15:8, and 0's based.
            int weight = (feature >>> 32 - 8 * c & 0xff) + 1;
            // A burst for each unit of weight, scaled down in proportion where that would be too long a turn.
            quotas[c] = heaviest * burst <= BURST_MAX ? weight * burst : Math.max(1, BURST_MAX * weight / heaviest);
        }
        Arrays.fill(starts, 0);
    }

    /** Gives every class its turn. @return commands begun */
    int poll() {
        if (!weighted) {
            return turn(CLASSES, all, burst);
        }
        int work = 0;
        int urgent;
        do {
            urgent = turn(0, byClass[0], burst);
            work += urgent;
        } while (urgent > 0 && work < BURST_MAX);
        for (int c = 1; c < CLASSES; c++) {
            work += turn(c, byClass[c], quotas[c]);
        }
        return work;
    }

    /** Commands in the queues that nobody had a turn for, as far as their doorbells were looked at. */
    int waiting() {
        int count = 0;
        for (SubmissionQueue queue : all) {
            count += queue.waiting();
        }
        return count;
    }

    /** One look at each queue, beginning behind the one that the last pass ended with. */
    private int turn(int place, SubmissionQueue[] queues, int commandsMax) {
        int work = 0;
        int at = starts[place] < queues.length ? starts[place] : 0;
        for (int looked = 0; looked < queues.length && !controller.passSpent(); looked++) {
            SubmissionQueue queue = queues[at];
            if (queue.lookAtTail()) {
                work += controller.drain(queue, commandsMax);
            }
            at = at + 1 == queues.length ? 0 : at + 1;
        }
        starts[place] = at;
        return work;
    }
}
