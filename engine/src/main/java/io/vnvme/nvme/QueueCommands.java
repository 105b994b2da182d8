package io.vnvme.nvme;

import io.vnvme.nvme.wire.Cqe;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** Queue management and Doorbell Buffer Config (NVM Express Base 2.0, 5.4 to 5.8), with the errors each names. */
final class QueueCommands {
    private final Controller controller;
    /** Delete I/O Submission Queue commands that wait for their queue to empty, by queue identifier. */
    private final @Nullable Request[] deletions = new Request[ControllerState.QUEUES];
    /** Queue pairs that go with their connections. */
    private final BitSet connected = new BitSet(ControllerState.QUEUES);

    QueueCommands(Controller controller) {
        this.controller = controller;
    }

    int createCompletionQueue(Request request) {
        int id = request.dword(10) & 0xffff;
        int entries = (request.dword(10) >>> 16) + 1;
        int flags = request.dword(11) & 0xffff;
        int vector = request.dword(11) >>> 16;
        boolean interrupts = (flags & 2) != 0;
        if (request.again() && made(ControllerState.completionQueue(id), id, request, entries)) {
            return Status.SUCCESS;
        }
        if (!free(id) || controller.completionQueue(id) != null) {
            return Status.QUEUE_ID_INVALID;
        }
        int status = checkRing(request, entries, flags, Registers.cqeBytes(configuration()) == Cqe.SIZE);
        if (status != Status.SUCCESS) {
            return status;
        }
        if (vector >= controller.interrupts().vectorCount()) {
            return Status.INTERRUPT_VECTOR_INVALID;
        }
        controller.doorbells().clear(Doorbells.headOffset(id));
        controller.completionQueue(
                id, new CompletionQueue(controller, id, request.dataPointerLow(), entries, vector, interrupts));
        return Status.SUCCESS;
    }

    int createSubmissionQueue(Request request) {
        int id = request.dword(10) & 0xffff;
        int entries = (request.dword(10) >>> 16) + 1;
        int flags = request.dword(11) & 0xffff;
        int priority = flags >>> 1 & 3;
        int completionsId = request.dword(11) >>> 16;
        CompletionQueue completions = controller.completionQueue(completionsId);
        if (request.again() && made(ControllerState.submissionQueue(id), id, request, entries)) {
            return Status.SUCCESS;
        }
        if (completionsId == 0 || completionsId > ControllerState.IO_QUEUES_MAX) {
            return Status.QUEUE_ID_INVALID;
        }
        if (completions == null) {
            return Status.CQ_INVALID;
        }
        if (!free(id) || controller.submissionQueue(id) != null) {
            return Status.QUEUE_ID_INVALID;
        }
        int status = checkRing(request, entries, flags, Registers.sqeBytes(configuration()) == Sqe.SIZE);
        if (status != Status.SUCCESS) {
            return status;
        }
        controller.doorbells().clear(Doorbells.tailOffset(id));
        controller.submissionQueue(
                id, new SubmissionQueue(controller, id, request.dataPointerLow(), entries, priority, completions));
        return Status.SUCCESS;
    }

    /** Whether the queue that a command is to make is there: another process has carried the command out. */
    private boolean made(long record, int id, Request request, int entries) {
        ControllerState state = controller.state();
        return free(id)
                && state.getInt(record + ControllerState.QUEUE_VALID) != 0
                && state.getLong(record + ControllerState.QUEUE_BASE) == request.dataPointerLow()
                && state.getInt(record + ControllerState.QUEUE_ENTRIES) == entries;
    }

    private int configuration() {
        return controller.state().getInt(ControllerState.CC);
    }

    /** An identifier that an I/O queue may have, in a configuration that has I/O queues. */
    private boolean free(int id) {
        return id != 0
                && id <= ControllerState.IO_QUEUES_MAX
                && Registers.commandSet(configuration()) != Registers.CSS_ADMIN_ONLY;
    }

    private int checkRing(Request request, int entries, int flags, boolean entrySizeConfigured) {
        if (entries < 2 || entries > ControllerState.ENTRIES_MAX || !entrySizeConfigured) {
            return Status.QUEUE_SIZE_INVALID;
        }
        boolean contiguous = (flags & 1) != 0;
        if (!contiguous) {
            return Status.INVALID_FIELD;
        }
        return (request.dataPointerLow() & (controller.pageBytes() - 1)) == 0
                ? Status.SUCCESS
                : Status.PRP_OFFSET_INVALID;
    }

    int deleteSubmissionQueue(Request request) {
        int id = request.dword(10) & 0xffff;
        SubmissionQueue queue = controller.submissionQueue(id);
        if (queue == null && request.again() && free(id)) {
            return Status.SUCCESS;
        }
        if (id == 0 || queue == null || queue.deleting()) {
            return Status.QUEUE_ID_INVALID;
        }
        beginDeletion(queue);
        // The last completion may just have been posted; otherwise drained() ends the command.
        if (controller.submissionQueue(id) == null) {
            return Status.SUCCESS;
        }
        if (queue.inFlight() > 0) {
            deletions[id] = request;
            return Dispatcher.PENDING;
        }
        remove(queue);
        return Status.SUCCESS;
    }

    private void beginDeletion(SubmissionQueue queue) {
        queue.beginDeletion();
        Request first = queue.fusedFirst();
        if (first != null) {
            queue.fusedFirst(null);
            controller.dispatcher().finish(first, Status.ABORTED_SQ_DELETION);
        }
        controller.dispatcher().waiting().abortWaiting(queue);
    }

    /** Makes a queue pair without commands, as Connect of a message-based transport does. */
    void connect(int id, long submissionIova, long completionIova, int entries) {
        if (!free(id) || controller.hasQueuePair(id)) {
            throw new IllegalArgumentException("queue pair %d".formatted(id));
        }
        controller.doorbells().clear(Doorbells.headOffset(id));
        controller.doorbells().clear(Doorbells.tailOffset(id));
        CompletionQueue completions = new CompletionQueue(controller, id, completionIova, entries, 0, false);
        controller.completionQueue(id, completions);
        controller.submissionQueue(id, new SubmissionQueue(controller, id, submissionIova, entries, 0, completions));
        connected.set(id);
    }

    /** Ends such a pair; one that is not there, or ends already, stays as it is. */
    void disconnect(int id) {
        SubmissionQueue queue = controller.submissionQueue(id);
        if (queue != null && !queue.deleting()) {
            beginDeletion(queue);
            if (controller.submissionQueue(id) != null && queue.inFlight() == 0) {
                remove(queue);
            }
        }
    }

    /** The last command of a queue that is being deleted has completed. */
    void drained(SubmissionQueue queue) {
        Request deletion = deletions[queue.id()];
        remove(queue);
        if (deletion != null) {
            deletions[queue.id()] = null;
            controller.dispatcher().finish(deletion, Status.SUCCESS);
        }
    }

    private void remove(SubmissionQueue queue) {
        queue.delete();
        controller.submissionQueue(queue.id(), null);
        if (connected.get(queue.id())) {
            connected.clear(queue.id());
            queue.completions().delete();
            controller.completionQueue(queue.id(), null);
        }
    }

    int deleteCompletionQueue(Request request) {
        int id = request.dword(10) & 0xffff;
        CompletionQueue queue = controller.completionQueue(id);
        if (queue == null && request.again() && free(id)) {
            return Status.SUCCESS;
        }
        if (id == 0 || queue == null) {
            return Status.QUEUE_ID_INVALID;
        }
        if (queue.submissionQueues() > 0) {
            return Status.QUEUE_DELETION_INVALID;
        }
        queue.delete();
        controller.completionQueue(id, null);
        return Status.SUCCESS;
    }

    int configureDoorbellBuffers(Request request) {
        long shadowIova = request.dataPointerLow();
        long eventIndexIova = request.dataPointerHigh();
        if (((shadowIova | eventIndexIova) & (controller.pageBytes() - 1)) != 0) {
            return Status.PRP_OFFSET_INVALID;
        }
        if (!controller.doorbells().shadow(shadowIova, eventIndexIova)) {
            return Status.INVALID_FIELD;
        }
        controller.state().setLong(ControllerState.SHADOW_DOORBELLS, shadowIova);
        controller.state().setLong(ControllerState.EVENT_INDEX, eventIndexIova);
        return Status.SUCCESS;
    }

    void reset() {
        connected.clear();
        for (int id = 0; id < deletions.length; id++) {
            Request waiting = deletions[id];
            deletions[id] = null;
            if (waiting != null) {
                controller.dispatcher().recycle(waiting);
            }
        }
    }
}
