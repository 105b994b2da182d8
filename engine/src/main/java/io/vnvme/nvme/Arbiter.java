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
    private final int[] weights = {1, 1, 1, 1};
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
        weights[1] = (feature >>> 24 & 0xff) + 1;
        weights[2] = (feature >>> 16 & 0xff) + 1;
        weights[3] = (feature >>> 8 & 0xff) + 1;
    }

    /** Gives every class its turn. @return commands begun */
    int poll() {
        if (!weighted) {
            return turn(all, burst);
        }
        int work = 0;
        int urgent;
        do {
            urgent = turn(byClass[0], burst);
            work += urgent;
        } while (urgent > 0 && work < BURST_MAX);
        for (int c = 1; c < CLASSES; c++) {
            work += turn(byClass[c], Math.min(weights[c] * burst, BURST_MAX));
        }
        return work;
    }

    private int turn(SubmissionQueue[] queues, int commandsMax) {
        int work = 0;
        for (SubmissionQueue queue : queues) {
            if (queue.lookAtTail()) {
                work += controller.drain(queue, commandsMax);
            }
        }
        return work;
    }
}
