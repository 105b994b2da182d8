package io.vnvme.nvme;

import io.vnvme.nvme.wire.Registers;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Goes on with the queues and commands that the controller's state tells of, which another process served until it ended at
 * some instruction.
 *
 * <p>A command in flight is begun anew: NVMe orders nothing between commands in flight, so what was done of it is done
 * again to the same end. Where it is not so, a mark tells: a completion that stands in its queue is not posted twice, the
 * write of a fused pair whose comparison is completed is not compared again, and a queue that was made, or deleted, is no
 * error.
 */
final class Adoption {
    private record Found(SubmissionQueue queue, int slot, long word) {
        boolean passed() {
            return (word & ControllerState.PASSED) != 0;
        }

        long number() {
            return word & ControllerState.NUMBER_MASK;
        }
    }

    private final Controller controller;
    private final ControllerState state;

    Adoption(Controller controller) {
        this.controller = controller;
        this.state = controller.state();
    }

    /** Takes the controller to where the other process was. */
    void resume() {
        int cc = state.getInt(ControllerState.CC);
        int csts = state.getInt(ControllerState.CSTS);
        boolean ready = (csts & Registers.CSTS_RDY) != 0;
        if ((csts & Registers.CSTS_CFS) != 0) {
            controller.life().failedBefore();
        } else if (Registers.enabled(cc) && ready) {
            goOn(cc);
        } else if (Registers.enabled(cc)) {
            controller.life().enable(cc);
        } else if (ready) {
            controller.life().goOnResetting();
        }
        if ((csts & Registers.CSTS_SHST_MASK) == Registers.CSTS_SHST_OCCURRING
                || controller.life().shutdownOwed()) {
            controller.life().shutDown();
        }
    }

    private void goOn(int cc) {
        if (!possible()) {
            controller.fatal("was being reset when its daemon ended");
            return;
        }
        controller.features().adopt();
        String reason = queues();
        SubmissionQueue admin = controller.submissionQueue(0);
        if (reason != null || admin == null) {
            controller.fatal(String.valueOf(reason));
            return;
        }
        controller.life().run(cc);
        controller.namespaces().adopt();
        controller.events().adopt();
        commands();
        if (controller.running()) {
            controller.raisePending();
        }
    }

    /** Whether the state has an admin queue pair: it has not when the other process was about to reset the controller. */
    private boolean possible() {
        return valid(ControllerState.submissionQueue(0)) && valid(ControllerState.completionQueue(0));
    }

    private boolean valid(long record) {
        int entries = state.getInt(record + ControllerState.QUEUE_ENTRIES);
        return state.getInt(record + ControllerState.QUEUE_VALID) != 0
                && entries >= 2
                && entries <= ControllerState.ADMIN_ENTRIES_MAX;
    }

    /**
     * Makes the queues, with what is in flight in them.
     *
     * @return null, or why it cannot be
     */
    private @Nullable String queues() {
        for (int id = 0; id < ControllerState.QUEUES; id++) {
            if (valid(ControllerState.completionQueue(id))) {
                controller.completionQueue(id, new CompletionQueue(controller, id));
            }
        }
        long shadow = state.getLong(ControllerState.SHADOW_DOORBELLS);
        if (shadow != 0 && !controller.doorbells().adoptShadow(shadow, state.getLong(ControllerState.EVENT_INDEX))) {
            return "the doorbell buffers have no memory any more";
        }
        for (int id = 0; id < ControllerState.QUEUES; id++) {
            CompletionQueue queue = controller.completionQueue(id);
            if (queue != null) {
                queue.adoptHead();
            }
        }
        for (int id = 0; id < ControllerState.QUEUES; id++) {
            long record = ControllerState.submissionQueue(id);
            if (!valid(record)) {
                continue;
            }
            CompletionQueue completions = controller.completionQueue(state.getInt(record + ControllerState.SQ_CQID));
            if (completions == null) {
                return "submission queue %d has no completion queue".formatted(id);
            }
            controller.submissionQueue(id, new SubmissionQueue(controller, id, completions));
        }
        return null;
    }

    /** Begins anew what is in flight: first the halves of fused pairs, so that nothing comes between. */
    private void commands() {
        List<Found> found = new ArrayList<>();
        for (int id = 0; id < ControllerState.QUEUES; id++) {
            SubmissionQueue queue = controller.submissionQueue(id);
            for (int slot = 0; queue != null && slot < queue.slots(); slot++) {
                long word = state.getLong(ControllerState.slotWord(id, slot));
                if (word != 0) {
                    queue.completions().adoptReservation();
                    found.add(new Found(queue, slot, word));
                }
            }
        }
        for (int id = 0; id < ControllerState.QUEUES; id++) {
            CompletionQueue queue = controller.completionQueue(id);
            if (queue != null) {
                queue.adoptUndelivered();
            }
        }
        found.sort(Comparator.comparing((Found f) -> !f.passed())
                .thenComparingInt(f -> f.queue().id())
                .thenComparingLong(Found::number));
        for (Found each : found) {
            if (!controller.running()) {
                return;
            }
            controller.dispatcher().beginAgain(each.queue(), each.slot(), each.passed());
        }
    }
}
