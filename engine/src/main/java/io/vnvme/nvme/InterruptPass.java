package io.vnvme.nvme;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Gathers what was posted during a pass and raises every vector once, at its end. */
final class InterruptPass {
    private final Interrupts interrupts;
    private final CompletionQueue[] fresh = new CompletionQueue[ControllerState.QUEUES];
    /** One bit for each vector that was raised in this pass. */
    private final long[] raised;

    private int freshCount;
    private int mask;

    InterruptPass(Interrupts interrupts) {
        this.interrupts = interrupts;
        this.raised = new long[(interrupts.vectorCount() >>> 6) + 1];
    }

    /** INTMS and INTMC: a set bit keeps its vector from being raised, unless MSI-X is in use. */
    void mask(int vectors) {
        mask = vectors;
    }

    void posted(CompletionQueue queue) {
        if (freshCount == fresh.length) {
            // Queues were deleted and created anew within the pass.
            raise();
        }
        fresh[freshCount++] = queue;
    }

    /** True when something was posted whose vector is not raised yet. */
    boolean owing() {
        return freshCount > 0;
    }

    void raise() {
        if (freshCount == 0) {
            return;
        }
        Arrays.fill(raised, 0);
        for (int i = 0; i < freshCount; i++) {
            CompletionQueue queue = fresh[i];
            queue.interrupted();
            if (queue.interrupts()) {
                raise(queue.vector());
            }
        }
        freshCount = 0;
    }

    private void raise(int vector) {
        int word = vector >>> 6;
        long bit = 1L << vector;
        if ((raised[word] & bit) == 0 && !masked(vector)) {
            raised[word] |= bit;
            interrupts.raise(vector);
        }
    }

    private boolean masked(int vector) {
        return vector < 32 && (mask & 1 << vector) != 0 && !interrupts.messageSignalledExtended();
    }

    /** Raises the vectors of all queues that hold entries: a mask was lifted. */
    void raisePending(@Nullable CompletionQueue[] queues) {
        Arrays.fill(raised, 0);
        for (CompletionQueue queue : queues) {
            if (queue != null && queue.pending()) {
                raise(queue.vector());
            }
        }
    }

    /** True when a queue that may interrupt holds entries and its vector is not masked. */
    boolean pending(@Nullable CompletionQueue[] queues) {
        for (CompletionQueue queue : queues) {
            if (queue != null && queue.pending() && !masked(queue.vector())) {
                return true;
            }
        }
        return false;
    }

    void reset() {
        freshCount = 0;
        mask = 0;
    }
}
