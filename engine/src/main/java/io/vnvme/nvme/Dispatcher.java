package io.vnvme.nvme;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.memory.DmaLog;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Status;
import io.vnvme.qos.Turn;
import io.vnvme.telemetry.CommandMeter;
import io.vnvme.volume.Volume;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * A command's way through the controller: fetched, checked, its data found, run, completed.
 *
 * <p>Work that waits - for a drive, for a message, for a buffer - comes back here on the reactor's thread. Commands
 * of before a controller reset are recognised by their epoch and forgotten.
 */
final class Dispatcher {
    /** Not ended yet. */
    static final int PENDING = -1;

    private static final int SCRATCHES_MAX = 8;
    /** Room for ranges and descriptors, and behind it for data. */
    static final long SCRATCH_BYTES = 8192 + Controller.TRANSFER_MAX;

    private final Controller controller;
    private final DataTransfer transfer;
    private final AdminCommands admin;
    private final IoCommands io;
    private final Admission admission;
    private final WaitingCommands waiting;
    private final DmaLog log;
    private final BufferPool scratches = new BufferPool(SCRATCH_BYTES, SCRATCHES_MAX, this::runAgain);
    private final List<Request> requests = new ArrayList<>();
    private final ArrayDeque<Request> free = new ArrayDeque<>();
    private final boolean exactLengths;
    private int volumeWork;
    private long spent;

    Dispatcher(Controller controller) {
        this.controller = controller;
        this.exactLengths = controller.kind().exactLengths();
        this.transfer = new DataTransfer(controller, this);
        this.admin = new AdminCommands(controller);
        this.io = new IoCommands(controller, this);
        this.admission = new Admission(controller, this);
        this.waiting = new WaitingCommands(controller, this);
        this.log = controller.memory().log();
    }

    AdminCommands admin() {
        return admin;
    }

    Admission admission() {
        return admission;
    }

    WaitingCommands waiting() {
        return waiting;
    }

    BufferPool scratches() {
        return scratches;
    }

    /** For data that messages bring or take. */
    BufferPool stages() {
        return transfer.stages();
    }

    /** All that there are, those that have ended among them. */
    List<Request> requests() {
        return requests;
    }

    /** Commands that a volume works on: until there are none, guest memory may be written. */
    int volumeWork() {
        return volumeWork;
    }

    /** A command was fetched into {@code slot}. */
    void begin(SubmissionQueue queue, int slot) {
        Request request = taken(queue, slot);
        try {
            begin(queue, request);
        } catch (InternalError | RuntimeException e) {
            failed(request, e);
        }
    }

    private Request taken(SubmissionQueue queue, int slot) {
        Request request = free.poll();
        if (request == null) {
            request = new Request(controller);
            requests.add(request);
        }
        request.begin(queue, slot);
        return request;
    }

    /**
     * A command was found in {@code slot} that another process had fetched: it may have been carried out, but not completed.
     *
     * @param passed it is the second half of a fused operation whose first half has succeeded and is completed
     */
    void beginAgain(SubmissionQueue queue, int slot, boolean passed) {
        Request request = taken(queue, slot);
        request.again(true);
        try {
            if (passed) {
                startIo(request);
            } else {
                begin(queue, request);
            }
        } catch (InternalError | RuntimeException e) {
            failed(request, e);
        }
    }

    /** A guest that takes its memory away, or a defect of ours: either way this controller alone stops. */
    void failed(Request request, Throwable e) {
        recycle(request);
        controller.fatal("stopped by " + e);
    }

    private void begin(SubmissionQueue queue, Request request) {
        if (queue.id() == 0) {
            start(request, admin.check(request));
        } else if (queue.fusedFirst() != null || request.fuse() != 0) {
            beginFused(queue, request);
        } else {
            startIo(request);
        }
    }

    private void startIo(Request request) {
        int checked = io.check(request);
        if (checked != Status.SUCCESS || admission.admits(request)) {
            start(request, checked);
        }
    }

    /** A command's turn has come again: it has its credit now, or has begun and goes on. */
    void goOn(Request request) {
        try {
            if (!request.begun()) {
                request.flightEnded();
                start(request, io.check(request));
                return;
            }
            request.releaseGuest();
            int status = io.detached(request) ? controller.access().detachedStatus() : io.goOn(request);
            if (status != PENDING) {
                finish(request, status);
            }
        } catch (InternalError | RuntimeException e) {
            failed(request, e);
        }
    }

    private void beginFused(SubmissionQueue queue, Request request) {
        Request first = queue.fusedFirst();
        queue.fusedFirst(null);
        if (first == null) {
            first = FusedOperation.first(request) ? request : null;
            if (first != null) {
                queue.fusedFirst(first);
            } else {
                finish(request, FusedOperation.lonelyStatus(request));
            }
            return;
        }
        if (!FusedOperation.second(request)) {
            finish(first, Status.ABORTED_MISSING_FUSED);
            beginAlone(queue, request);
        } else if (!FusedOperation.belong(first, request)) {
            finish(first, Status.INVALID_FIELD);
            finish(request, Status.INVALID_FIELD);
        } else {
            first.fusedPartner(request);
            startIo(first);
        }
    }

    private void beginAlone(SubmissionQueue queue, Request request) {
        if (request.fuse() != 0) {
            beginFused(queue, request);
        } else {
            startIo(request);
        }
    }

    private void start(Request request, int checked) {
        try {
            int status = checked;
            if (status == Status.SUCCESS && exactLengths && !fits(request)) {
                status = Status.SGL_LENGTH_INVALID;
            }
            if (status == Status.SUCCESS && request.dataBytes() > 0) {
                transfer.prepare(request);
                status = transfer.resolve(request);
            }
            if (status == Status.SUCCESS) {
                run(request);
            } else if (status != PENDING) {
                finish(request, status);
            }
        } catch (InternalError | RuntimeException e) {
            failed(request, e);
        }
    }

    /**
     * Whether the one SGL descriptor of a command over fabrics describes its data. More than a command takes may come: Linux
     * sends the longest list of ranges with each discard.
     */
    private static boolean fits(Request request) {
        long described = request.dataPointerHigh() & 0xffff_ffffL;
        boolean takes = request.dataBytes() > 0 && !request.toGuest();
        return takes ? described >= request.dataBytes() : described == request.dataBytes();
    }

    /** The command's data, which had to be waited for, is there, or {@code status} says why not. */
    void dataReady(Request request, int status) {
        if (status == Status.SUCCESS) {
            runAgain(request);
        } else {
            finish(request, status);
        }
    }

    /** Goes on with a command that waited: for its data or for a buffer. */
    private void runAgain(Request request) {
        request.releaseGuest();
        try {
            if (request.queue().id() != 0 && io.detached(request)) {
                finish(request, controller.access().detachedStatus());
            } else {
                run(request);
            }
        } catch (InternalError | RuntimeException e) {
            failed(request, e);
        }
    }

    private void run(Request request) {
        if (!admitted(request)) {
            return;
        }
        int status = request.queue().id() == 0 ? admin.run(request) : io.run(request);
        if (status != PENDING) {
            finish(request, status);
        }
    }

    /** Writes wait while a fused pair is about the same blocks; who waited for a buffer meanwhile was admitted before. */
    private static boolean admitted(Request request) {
        Namespace namespace = request.namespaceOrNull();
        if (namespace == null || request.running() || request.hold() != null || !RangeLock.concerns(request)) {
            return true;
        }
        RangeLock lock = namespace.rangeLock();
        if ((lock.busy() || request.fusedPartner() != null) && !lock.admit(request)) {
            return false;
        }
        request.running(request.hold() == null);
        return true;
    }

    /** A command may go on that a range lock made wait; unless the controller was reset meanwhile. */
    void unlocked(Request request) {
        if (abandoned(request)) {
            return;
        }
        if (controller.standstill().reached()) {
            controller.standstill().waits(request);
        } else {
            runAgain(request);
        }
    }

    /** What was done so far, as {@link Turn} counts it: what a pass is limited by. */
    long spent() {
        return spent;
    }

    /** Hands work to a volume. @return an {@link IoStatus}; when pending, {@link #ioCompleted} follows */
    int submit(Request request, Volume volume, Io work) {
        int status = volume.submit(work);
        spent += Turn.COMMAND_COST;
        if (status == IoStatus.PENDING) {
            // The bytes move on the drive's time.
            volumeWork++;
            request.holdGuest();
            request.workBegan();
            request.flightBegan(work);
        } else if (work.operation() != Io.DEALLOCATE) {
            spent += work.lengthBytes();
        }
        return status;
    }

    /** Work for a command begins that is no volume's; {@link #ioCompleted} follows. */
    void workBegan(Request request) {
        volumeWork++;
        request.holdGuest();
    }

    void ioCompleted(Request request, int ioStatus) {
        volumeWork--;
        request.workEnded();
        request.flightEnded();
        request.releaseGuest();
        if (abandoned(request)) {
            return;
        }
        try {
            int status = io.resume(request, ioStatus);
            if (status != PENDING) {
                finish(request, status);
            }
        } catch (InternalError | RuntimeException e) {
            failed(request, e);
        }
    }

    /** The command has ended, but for what it staged for the guest. */
    void finish(Request request, int status) {
        if (!controller.busMaster()) {
            waiting.hold(request, status);
        } else if (status == Status.SUCCESS && transfer.undelivered(request)) {
            transfer.deliver(request);
        } else {
            delivered(request, status);
        }
    }

    /** The command has ended altogether: posts its completion. */
    void delivered(Request request, int status) {
        if (!controller.busMaster()) {
            waiting.hold(request, status);
            return;
        }
        SubmissionQueue queue = request.queue();
        int reported = status == Status.SUCCESS ? status : controller.logs().failed(request, status);
        Request second = request.fusedPartner();
        if (second != null && status == Status.SUCCESS) {
            queue.passed(second.slot());
        }
        queue.completing(request.slot());
        queue.completions().post(request.result(), queue.head(), queue.id(), request.cid(), reported);
        measure(request, queue);
        queue.free(request.slot());
        request.fusedPartner(null);
        if (second != null) {
            second.hold(request.hold());
            request.hold(null);
        }
        recycle(request);
        if (second != null) {
            startPartner(second, status);
        }
        if (queue.deleting() && queue.inFlight() == 0) {
            admin.queues().drained(queue);
        }
    }

    private void measure(Request request, SubmissionQueue queue) {
        Namespace namespace = request.namespaceOrNull();
        if (namespace == null || queue.id() == 0) {
            return;
        }
        int opcode = request.opcode();
        int kind = opcode == IoOpcode.READ
                ? CommandMeter.READ
                : opcode == IoOpcode.WRITE ? CommandMeter.WRITE : CommandMeter.OTHER;
        controller.passMeter().ended(namespace.commands(), kind, request.fetchedNs());
    }

    private void startPartner(Request partner, int firstStatus) {
        if (firstStatus == Status.SUCCESS) {
            start(partner, io.check(partner));
        } else {
            finish(partner, Status.ABORTED_FAILED_FUSED);
        }
    }

    /** True when the controller was reset since the command was fetched; it is then forgotten here. */
    boolean abandoned(Request request) {
        if (request.epoch() == controller.epoch()) {
            return false;
        }
        recycle(request);
        return true;
    }

    /** Takes back a command that has ended or that a reset made void; one that it has back already stays as it is. */
    void recycle(Request request) {
        if (!request.end()) {
            return;
        }
        if (log.on() && request.toGuest()) {
            // Whatever came of it: nothing writes there for it any more.
            log.add(request.stage() == null ? request.data() : request.remote());
        }
        request.releaseGuest();
        request.flightEnded();
        Request partner = request.fusedPartner();
        request.fusedPartner(null);
        if (partner != null) {
            recycle(partner);
        }
        transfer.release(request);
        var scratch = request.scratch();
        if (scratch != null) {
            request.scratch(null);
            scratches.giveBack(scratch);
        }
        request.data().clear();
        RangeLock.Hold hold = request.hold();
        request.hold(null);
        RangeLock lock = request.awaited() ? request.namespace().rangeLock() : null;
        request.running(false);
        request.awaited(false);
        if (lock != null) {
            lock.ended(request);
        }
        free.push(request);
        if (hold != null) {
            hold.release();
        }
    }

    void close() {
        scratches.close();
        transfer.stages().close();
    }
}
