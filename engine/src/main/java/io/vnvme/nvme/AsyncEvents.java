package io.vnvme.nvme;

import io.vnvme.nvme.wire.AsyncEvent;
import io.vnvme.nvme.wire.Status;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Asynchronous events (NVM Express Base 2.0, 5.2): what happened meets the requests that the host left for it.
 *
 * <p>After an event of a type was reported, further ones of that type wait until the host has read the log page that
 * it names.
 */
final class AsyncEvents {
    /** Requests that may be outstanding: AERL + 1. */
    static final int REQUESTS_MAX = 8;

    private final Controller controller;
    private final ArrayDeque<Request> requests = new ArrayDeque<>();
    private final ArrayDeque<Integer> pending = new ArrayDeque<>();
    private final boolean[] masked = new boolean[AsyncEvent.TYPES];
    /** An event waits for room in the completion queue. */
    private boolean stalled;

    AsyncEvents(Controller controller) {
        this.controller = controller;
    }

    /** Takes an Asynchronous Event Request. @return a status, or {@link Dispatcher#PENDING} */
    int request(Request request) {
        if (requests.size() == REQUESTS_MAX) {
            return Status.ASYNC_EVENT_LIMIT;
        }
        // It may wait for ever: until then another completion may have its place in the queue.
        request.queue().completions().cancel();
        requests.add(request);
        record();
        deliver();
        return Dispatcher.PENDING;
    }

    /** Completes the request with this CID as aborted. @return false when there is none such */
    boolean abort(int cid) {
        for (Iterator<Request> all = requests.iterator(); all.hasNext(); ) {
            Request request = all.next();
            if (request.cid() == cid && request.queue().completions().reserve()) {
                all.remove();
                record();
                controller.dispatcher().finish(request, Status.ABORT_REQUESTED);
                return true;
            }
        }
        return false;
    }

    /** Requests that wait for an event. */
    int outstanding() {
        return requests.size();
    }

    void invalidDoorbell(int queueId, int value) {
        controller.logs().badDoorbell(queueId, value);
        notify(AsyncEvent.INVALID_DOORBELL_VALUE);
    }

    void invalidDoorbellRegister(int queueId) {
        controller.logs().badDoorbell(queueId, 0);
        notify(AsyncEvent.INVALID_DOORBELL_REGISTER);
    }

    /** Something happened; the same thing twice before the host heard of it is one event. */
    void notify(int event) {
        if (controller.ready() && controller.features().reports(event) && !pending.contains(event)) {
            pending.add(event);
            recordPending();
            deliver();
        }
    }

    /** The host has read a log page without asking to retain its event. */
    void logRead(int logPage) {
        for (int type = 0; type < masked.length; type++) {
            masked[type] &= !clears(logPage, type);
        }
        pending.removeIf(event -> AsyncEvent.logPage(event) == logPage);
        recordPending();
        deliver();
    }

    private static boolean clears(int logPage, int type) {
        return switch (type) {
            case AsyncEvent.TYPE_ERROR -> logPage == AsyncEvent.logPage(AsyncEvent.INVALID_DOORBELL_VALUE);
            case AsyncEvent.TYPE_NOTICE ->
                logPage == AsyncEvent.logPage(AsyncEvent.NAMESPACE_CHANGED)
                        || logPage == AsyncEvent.logPage(AsyncEvent.ANA_CHANGED)
                        || logPage == AsyncEvent.logPage(AsyncEvent.DISCOVERY_LOG_CHANGED);
            case AsyncEvent.TYPE_IO_COMMAND_SET -> logPage == AsyncEvent.logPage(AsyncEvent.RESERVATION_LOG);
            default -> false;
        };
    }

    /** Tries again to report what the completion queue had no room for. */
    void poll() {
        if (stalled) {
            deliver();
        }
    }

    private void deliver() {
        // It would be a completion of a controller that stands still.
        stalled = controller.standstill().reached();
        if (stalled) {
            return;
        }
        for (int left = pending.size(); left > 0; left--) {
            @Nullable Integer event = pending.poll();
            @Nullable Request request = requests.peek();
            if (event == null) {
                return;
            }
            if (request == null || masked[AsyncEvent.type(event)]) {
                pending.add(event);
            } else if (!request.queue().completions().reserve()) {
                pending.add(event);
                stalled = true;
            } else {
                masked[AsyncEvent.type(event)] = true;
                requests.remove();
                record();
                request.result(event);
                controller.dispatcher().finish(request, Status.SUCCESS);
                // Only now: an event twice is better than never.
                recordPending();
            }
        }
    }

    /** Events that wait, and types that are masked, for another process to go on with. */
    private void recordPending() {
        ControllerState state = controller.state();
        int index = 0;
        for (int event : pending) {
            state.setInt(ControllerState.PENDING_EVENTS + 4 + 4L * index++, event);
        }
        state.setInt(ControllerState.PENDING_EVENTS, index);
        int types = 0;
        for (int type = 0; type < masked.length; type++) {
            types |= masked[type] ? 1 << type : 0;
        }
        state.setInt(ControllerState.MASKED_EVENTS, types);
    }

    /** Takes up what the controller's state says; the requests themselves come again as commands. */
    void adopt() {
        ControllerState state = controller.state();
        int count = Math.min(state.getInt(ControllerState.PENDING_EVENTS), ControllerState.PENDING_EVENTS_MAX);
        for (int i = 0; i < count; i++) {
            pending.add(state.getInt(ControllerState.PENDING_EVENTS + 4 + 4L * i));
        }
        int types = state.getInt(ControllerState.MASKED_EVENTS);
        for (int type = 0; type < masked.length; type++) {
            masked[type] = (types & 1 << type) != 0;
        }
    }

    private void record() {
        ControllerState state = controller.state();
        state.setInt(ControllerState.ASYNC_EVENTS, requests.size());
        int index = 0;
        for (Request request : requests) {
            state.setInt(ControllerState.ASYNC_EVENTS + 4 + 4L * index++, request.cid());
        }
    }

    /** The controller was reset: nobody waits, and nothing happened. */
    void reset() {
        while (true) {
            Request request = requests.poll();
            if (request == null) {
                break;
            }
            controller.dispatcher().recycle(request);
        }
        pending.clear();
        stalled = false;
        Arrays.fill(masked, false);
    }
}
