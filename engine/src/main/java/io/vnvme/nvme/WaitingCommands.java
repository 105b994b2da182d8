package io.vnvme.nvme;

import io.vnvme.nvme.wire.Status;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Commands that wait for something that no drive does: their turn, a buffer, another's blocks, the other half of a fused operation, or
 * bus mastering. They can be ended at any time.
 */
final class WaitingCommands {
    private final Controller controller;
    private final Dispatcher dispatcher;
    /** Commands that ended while bus mastering was off. */
    private final ArrayDeque<Request> held = new ArrayDeque<>();

    WaitingCommands(Controller controller, Dispatcher dispatcher) {
        this.controller = controller;
        this.dispatcher = dispatcher;
    }

    /** A command has ended, and its host is told so when bus mastering is on. */
    void hold(Request request, int status) {
        request.holdGuest();
        request.heldStatus(status);
        held.add(request);
    }

    /** Bus mastering is on again: what ended meanwhile is told to the host. */
    void releaseHeld() {
        for (@Nullable Request request = held.poll(); request != null; request = held.poll()) {
            try {
                dispatcher.finish(request, request.heldStatus());
            } catch (InternalError | RuntimeException e) {
                dispatcher.failed(request, e);
            }
        }
    }

    /** Ends a command that waits for its turn, for a buffer or for its other half. @return false when there is none such */
    boolean abort(int sqId, int cid) {
        SubmissionQueue queue = controller.submissionQueue(sqId);
        Request first = queue == null ? null : queue.fusedFirst();
        if (queue != null && first != null && first.cid() == cid) {
            queue.fusedFirst(null);
            dispatcher.finish(first, Status.ABORT_REQUESTED);
            return true;
        }
        Request waiting = dispatcher.admission().withdraw(sqId, cid);
        if (waiting == null) {
            waiting = dispatcher.scratches().withdraw(sqId, cid);
        }
        if (waiting == null) {
            waiting = dispatcher.stages().withdraw(sqId, cid);
        }
        for (Namespace namespace : controller.namespaces().all()) {
            waiting = waiting == null ? namespace.rangeLock().withdraw(controller, sqId, cid) : waiting;
        }
        if (waiting != null) {
            dispatcher.finish(waiting, Status.ABORT_REQUESTED);
        }
        return waiting != null;
    }

    /** Ends the commands of a queue that wait for their turn: it is being deleted, and they might wait for long. */
    void abortWaiting(SubmissionQueue queue) {
        ArrayDeque<Request> waiting = new ArrayDeque<>();
        dispatcher.admission().withdrawQueue(queue, waiting);
        waiting.forEach(request -> dispatcher.finish(request, Status.ABORTED_SQ_DELETION));
    }

    /** Forgets commands that wait: the controller was reset. All lines are empty before a buffer is given back. */
    void reset() {
        ArrayDeque<Request> forgotten = new ArrayDeque<>(held);
        held.clear();
        controller.standstill().withdrawAll(forgotten);
        dispatcher.admission().withdrawAll(forgotten);
        dispatcher.scratches().withdrawAll(forgotten);
        dispatcher.stages().withdrawAll(forgotten);
        for (Namespace namespace : controller.namespaces().all()) {
            namespace.rangeLock().withdrawAll(controller, forgotten);
        }
        forgotten.forEach(dispatcher::recycle);
    }
}
