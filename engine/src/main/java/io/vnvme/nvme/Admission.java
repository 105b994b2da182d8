package io.vnvme.nvme;

import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.qos.Line;
import io.vnvme.qos.Share;
import io.vnvme.qos.Ticket;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Where a controller's commands stand with quality of service: which have to ask, which may begin, and which go on with a
 * later pass.
 *
 * <p>A command that waits for credit holds nothing but its slot: it was checked, and is checked again when it may go, for
 * the namespace may be another by then. Only commands that move data ask. Flush, Dataset Management and reservations do
 * not: they order and free, move nothing of the host's, and what they wait for was paid for by the writes before them.
 */
final class Admission {
    private final Controller controller;
    private final Dispatcher dispatcher;
    /** Commands that have their credit, and those that go on where the last pass stopped. */
    private final Line ready = new Line();
    /** A command was left to go on, of which nobody has heard yet. */
    private boolean cut;

    Admission(Controller controller, Dispatcher dispatcher) {
        this.controller = controller;
        this.dispatcher = dispatcher;
    }

    /** Whether a command that was checked may begin. One that may not is in line, and begins with a later pass. */
    boolean admits(Request request) {
        Namespace namespace = request.namespaceOrNull();
        Share share = namespace == null ? null : namespace.share();
        return share == null || namespace == null || share.free() || asks(request, namespace, share);
    }

    private static boolean asks(Request request, Namespace namespace, Share share) {
        long bytes = (long) request.blockCount() << namespace.blockShift();
        switch (request.opcode()) {
            case IoOpcode.READ, IoOpcode.VERIFY -> request.asksToRead(bytes, false);
            // A fused pair is let through as one: nothing waits between its halves, which hold up others.
            case IoOpcode.COMPARE -> request.asksToRead(bytes, request.fusedPartner() != null);
            case IoOpcode.WRITE, IoOpcode.WRITE_ZEROES -> {
                if (request.fuse() == Sqe.FUSE_SECOND) {
                    return true;
                }
                request.asksToWrite(bytes);
            }
            // How much it copies is in its data, and counted when that is known.
            case IoOpcode.COPY -> request.asksToWrite(0);
            default -> {
                return true;
            }
        }
        return share.admit(request);
    }

    /** A command that waited has its credit. */
    void admitted(Request request) {
        request.begun(false);
        ready.add(request);
    }

    /** A command that has begun goes on in the next pass: this one has done its share. */
    void later(Request request) {
        request.begun(true);
        request.holdGuest();
        ready.addFirst(request);
        cut = true;
    }

    /** Whether a command was left to go on with a later pass since this was last asked. */
    boolean cut() {
        boolean was = cut;
        cut = false;
        return was;
    }

    /** True when {@link #poll} has something to do, once there is a turn for it. */
    boolean due() {
        return !ready.isEmpty();
    }

    /** Works on what is ready until the pass has done its share. @return commands worked on */
    int poll() {
        int work = 0;
        while (!controller.passSpent() && ready.poll() instanceof Request request) {
            dispatcher.goOn(request);
            work++;
        }
        return work;
    }

    /** Takes out a command that has not begun; null when it does not wait here. */
    @Nullable
    Request withdraw(int sqId, int cid) {
        ArrayDeque<Request> found = new ArrayDeque<>();
        withdraw(request -> request.queue().id() == sqId && request.cid() == cid, found::add);
        return found.poll();
    }

    /** Takes out all commands of a queue that have not begun: it is being deleted. */
    void withdrawQueue(SubmissionQueue queue, Queue<Request> out) {
        withdraw(request -> request.queue() == queue, out::add);
    }

    private void withdraw(Predicate<Request> condition, Consumer<Request> out) {
        Predicate<Ticket> matches =
                ticket -> ticket instanceof Request request && request.belongsTo(controller) && condition.test(request);
        for (Namespace namespace : controller.namespaces().all()) {
            Share share = namespace.share();
            if (share != null) {
                share.withdraw(matches, ticket -> out.accept((Request) ticket));
            }
        }
        ready.withdraw(
                ticket -> ticket instanceof Request request && !request.begun() && condition.test(request),
                ticket -> out.accept((Request) ticket));
    }

    /** Takes out everything: the controller was reset. */
    void withdrawAll(Queue<Request> out) {
        withdraw(_ -> true, out::add);
        ready.withdraw(_ -> true, ticket -> out.add((Request) ticket));
    }
}
