package io.vnvme.nvme;

import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Sqe;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Makes a fused Compare and Write one operation (NVM Command Set 1.0, 2.1.4) on a volume that answers later: between its
 * halves no command, of any controller of the namespace, changes the blocks that it is about.
 *
 * <p>A pair begins when the commands that write its blocks have ended; those that come meanwhile wait in line. Reads do
 * not wait: they see the blocks before or after the write, as they do with any. While there is no pair, nothing is done
 * here but a look whether there is one.
 */
final class RangeLock {
    private final Namespace namespace;
    /** Pairs that have begun, or begin when the writes before them have ended; in the order they came. */
    private final List<Hold> holds = new ArrayList<>();

    private final List<Request> waiting = new ArrayList<>();
    private boolean serving;

    RangeLock(Namespace namespace) {
        this.namespace = namespace;
    }

    /** The blocks of one pair: held by its first half, then by its second. */
    final class Hold {
        private final Request first;
        private final long firstLba;
        private final int blockCount;
        /** Writes that are to end before the pair begins. */
        private int before;

        private Hold(Request first) {
            this.first = first;
            firstLba = first.startingLba();
            blockCount = first.blockCount();
        }

        private boolean overlaps(Request request) {
            return switch (request.opcode()) {
                // Their ranges are in data that may not be here yet.
                case IoOpcode.COPY, IoOpcode.DATASET_MANAGEMENT -> true;
                default ->
                    firstLba < request.startingLba() + request.blockCount()
                            && request.startingLba() < firstLba + blockCount;
            };
        }

        /** The pair has ended. */
        void release() {
            holds.remove(this);
            serve();
        }
    }

    /** Whether commands that write must {@link #admit ask}. */
    boolean busy() {
        return !holds.isEmpty();
    }

    /** Whether a command has to do with this at all. */
    static boolean concerns(Request request) {
        return switch (request.opcode()) {
            case IoOpcode.WRITE, IoOpcode.WRITE_ZEROES, IoOpcode.COPY, IoOpcode.DATASET_MANAGEMENT -> true;
            default -> request.fusedPartner() != null;
        };
    }

    /** Whether the command may go on now; one that may not is in line, and its dispatcher will be told. */
    boolean admit(Request request) {
        if (request.fuse() == Sqe.FUSE_SECOND) {
            return true;
        }
        for (Hold hold : holds) {
            if (hold.overlaps(request)) {
                request.holdGuest();
                waiting.add(request);
                return false;
            }
        }
        return request.fusedPartner() == null || begin(request);
    }

    private boolean begin(Request first) {
        Hold hold = new Hold(first);
        holds.add(hold);
        first.hold(hold);
        for (Controller controller : namespace.controllers()) {
            for (Request running : controller.dispatcher().requests()) {
                if (running.running() && running.namespaceOrNull() == namespace && hold.overlaps(running)) {
                    running.awaited(true);
                    hold.before++;
                }
            }
        }
        if (hold.before > 0) {
            first.holdGuest();
        }
        return hold.before == 0;
    }

    /** A write has ended that was {@link Request#awaited}. */
    void ended(Request write) {
        // A pair that begins may end here and now, and change the list.
        for (Hold hold : List.copyOf(holds)) {
            if (hold.before > 0 && hold.overlaps(write) && --hold.before == 0) {
                hold.first.resume();
            }
        }
    }

    /** Lets those go on that nothing stands in the way of any more; in a loop, since one of them may end at once. */
    private void serve() {
        if (serving) {
            return;
        }
        serving = true;
        try {
            for (Request next = nextFree(); next != null; next = nextFree()) {
                next.resume();
            }
        } finally {
            serving = false;
        }
    }

    private @Nullable Request nextFree() {
        for (int i = 0; i < waiting.size(); i++) {
            Request request = waiting.get(i);
            if (holds.stream().noneMatch(hold -> hold.overlaps(request))) {
                return waiting.remove(i);
            }
        }
        return null;
    }

    /** Takes out one command of a controller that waits here; null when it does not. */
    @Nullable
    Request withdraw(Controller controller, int sqId, int cid) {
        ArrayDeque<Request> found = new ArrayDeque<>();
        withdraw(controller, sqId, cid, found);
        return found.poll();
    }

    /** Moves all commands of a controller that wait here to {@code out}: it was reset. */
    void withdrawAll(Controller controller, Queue<Request> out) {
        withdraw(controller, -1, -1, out);
    }

    /** The namespace has left a controller: its commands that wait go on, and find that out. */
    void detached(Controller controller) {
        ArrayDeque<Request> leaving = new ArrayDeque<>();
        withdrawAll(controller, leaving);
        leaving.forEach(Request::resume);
    }

    private void withdraw(Controller controller, int sqId, int cid, Queue<Request> out) {
        for (Iterator<Request> all = waiting.iterator(); all.hasNext(); ) {
            Request request = all.next();
            if (matches(request, controller, sqId, cid)) {
                all.remove();
                out.add(request);
            }
        }
        for (Hold hold : holds) {
            if (hold.before > 0 && matches(hold.first, controller, sqId, cid)) {
                hold.before = 0;
                out.add(hold.first);
            }
        }
    }

    private static boolean matches(Request request, Controller controller, int sqId, int cid) {
        return request.belongsTo(controller) && (sqId < 0 || (request.queue().id() == sqId && request.cid() == cid));
    }
}
