package io.vnvme.nvme;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import io.vnvme.volume.Volume;
import java.lang.foreign.MemorySegment;

/**
 * I/O commands (NVM Command Set 1.0, 3): checked against the namespace, then done as one or several pieces of work
 * for its volume.
 */
final class IoCommands {
    /** A step's answer: its work is prepared, submit it. */
    static final int STEP = -2;

    private static final int BROADCAST = -1;
    /** Most that Verify and Write Zeroes take at once, in bytes: VSL and WZSL. */
    private static final long SWEEP_MAX = Controller.TRANSFER_MAX;

    private static final int DEALLOCATE_BIT = 1 << 25;

    private final Controller controller;
    private final Dispatcher dispatcher;
    private final ReservationCommands reservations;

    IoCommands(Controller controller, Dispatcher dispatcher) {
        this.controller = controller;
        this.dispatcher = dispatcher;
        this.reservations = new ReservationCommands(controller);
    }

    /** Checks what can be checked before data moves, and says what moves. @return a status */
    int check(Request request) {
        if (request.psdt() > Sqe.PSDT_SGL_METADATA_SGL) {
            return Status.INVALID_FIELD;
        }
        int access = controller.access().status();
        if (access != Status.SUCCESS) {
            return access;
        }
        int opcode = request.opcode();
        if (opcode == IoOpcode.FLUSH && request.nsid() == BROADCAST) {
            return Status.SUCCESS;
        }
        Namespace namespace = controller.namespaces().find(request.nsid());
        if (namespace == null) {
            return ActiveNamespaces.valid(request.nsid()) ? Status.INVALID_FIELD : Status.INVALID_NAMESPACE;
        }
        request.namespace(namespace);
        return switch (opcode) {
            case IoOpcode.READ -> checkBlocks(request, namespace, true, true);
            case IoOpcode.WRITE -> checkBlocks(request, namespace, true, false);
            case IoOpcode.COMPARE -> checkBlocks(request, namespace, true, false);
            case IoOpcode.VERIFY, IoOpcode.WRITE_ZEROES -> checkBlocks(request, namespace, false, false);
            case IoOpcode.FLUSH ->
                namespace.reservations().conflictsWithWrite(controller) ? Status.RESERVATION_CONFLICT : Status.SUCCESS;
            case IoOpcode.DATASET_MANAGEMENT -> DatasetManagement.check(request, namespace);
            case IoOpcode.COPY -> CopyCommand.check(request, namespace);
            case IoOpcode.RESERVATION_REGISTER,
                    IoOpcode.RESERVATION_ACQUIRE,
                    IoOpcode.RESERVATION_RELEASE,
                    IoOpcode.RESERVATION_REPORT -> reservations.check(request);
            default -> Status.INVALID_OPCODE;
        };
    }

    private int checkBlocks(Request request, Namespace namespace, boolean transfers, boolean toGuest) {
        long first = request.startingLba();
        int blocks = request.blockCount();
        long bytes = (long) blocks << namespace.blockShift();
        if (bytes > (transfers ? Controller.TRANSFER_MAX : SWEEP_MAX)) {
            return Status.INVALID_FIELD;
        }
        // Unsigned, so that a first block of 2^63 and more is out of range too.
        if (Long.compareUnsigned(first, namespace.blockCount()) > 0 || namespace.blockCount() - first < blocks) {
            return Status.LBA_OUT_OF_RANGE;
        }
        int opcode = request.opcode();
        boolean writes = opcode == IoOpcode.WRITE || opcode == IoOpcode.WRITE_ZEROES;
        if (writes && namespace.readOnly()) {
            return Status.WRITE_PROTECTED;
        }
        Reservations held = namespace.reservations();
        if (held.held() && (writes ? held.conflictsWithWrite(controller) : held.conflictsWithRead(controller))) {
            return Status.RESERVATION_CONFLICT;
        }
        if (transfers) {
            request.transfers(bytes, toGuest);
        }
        return Status.SUCCESS;
    }

    /** Begins the work; the data is where {@link Request#data} says. @return a status or {@link Dispatcher#PENDING} */
    int run(Request request) {
        return switch (request.opcode()) {
            case IoOpcode.READ -> one(request, Io.READ);
            case IoOpcode.WRITE -> one(request, Io.WRITE);
            case IoOpcode.WRITE_ZEROES -> one(request, zeroing(request));
            case IoOpcode.FLUSH -> request.nsid() == BROADCAST ? steps(request) : one(request, Io.FLUSH);
            case IoOpcode.RESERVATION_REGISTER,
                    IoOpcode.RESERVATION_ACQUIRE,
                    IoOpcode.RESERVATION_RELEASE,
                    IoOpcode.RESERVATION_REPORT -> reservations.run(request);
            default -> withScratch(request);
        };
    }

    private static int zeroing(Request request) {
        return (request.dword(12) & DEALLOCATE_BIT) != 0 ? Io.DEALLOCATE : Io.WRITE_ZEROES;
    }

    /** A command that is one piece of work. */
    private int one(Request request, int operation) {
        Namespace namespace = request.namespace();
        int shift = namespace.blockShift();
        boolean durable = request.forceUnitAccess() || !controller.features().writeCacheEnabled();
        Io io = request.io();
        if (operation == Io.FLUSH) {
            io.prepare(operation, 0, 0, false);
        } else {
            long lengthBytes = (long) request.blockCount() << shift;
            if (operation != Io.DEALLOCATE && Slices.cut(namespace.volume(), lengthBytes, controller.passLeft())) {
                return slices(request, operation);
            }
            io.prepare(operation, request.startingLba() << shift, lengthBytes, durable);
        }
        int ioStatus = dispatcher.submit(request, namespace.volume(), io);
        return ioStatus == IoStatus.PENDING ? Dispatcher.PENDING : oneEnded(request, operation, ioStatus);
    }

    /** Does slices of a transfer until one is pending, the pass has done its share, or all is done. */
    private int slices(Request request, int operation) {
        Namespace namespace = request.namespace();
        int shift = namespace.blockShift();
        long start = request.startingLba() << shift;
        long length = (long) request.blockCount() << shift;
        while (request.cursor() < length) {
            if (request.cursor() > 0 && controller.passSpent()) {
                dispatcher.admission().later(request);
                return Dispatcher.PENDING;
            }
            long done = request.cursor();
            long bytes = Slices.next(start + done, length - done, controller.turnBytes(), controller.passLeft());
            // Nothing is between such a volume and its media but maps, and those of all slices are made durable with
            // the last. It may be another volume by now, of which that is not so.
            boolean durable = (done + bytes == length || !namespace.volume().synchronous())
                    && (request.forceUnitAccess() || !controller.features().writeCacheEnabled());
            Io work = request.work();
            work.data().clear();
            if (operation != Io.WRITE_ZEROES) {
                work.data().addSlice(request.data(), done, bytes);
            }
            work.prepare(operation, start + done, bytes, durable);
            request.cursor(done + bytes);
            int ioStatus = dispatcher.submit(request, namespace.volume(), work);
            if (ioStatus != IoStatus.OK) {
                return ioStatus == IoStatus.PENDING ? Dispatcher.PENDING : status(operation, ioStatus);
            }
        }
        return oneEnded(request, operation, IoStatus.OK);
    }

    /** A slice has ended that was pending, or a transfer that was not cut. */
    private int transferEnded(Request request, int operation, int ioStatus) {
        if (ioStatus != IoStatus.OK || request.cursor() == 0) {
            return oneEnded(request, operation, ioStatus);
        }
        return detached(request) ? controller.access().detachedStatus() : slices(request, operation);
    }

    /** Goes on with a command that had begun when its pass was over. @return a status or {@link Dispatcher#PENDING} */
    int goOn(Request request) {
        return switch (request.opcode()) {
            case IoOpcode.READ -> slices(request, Io.READ);
            case IoOpcode.WRITE -> slices(request, Io.WRITE);
            case IoOpcode.WRITE_ZEROES -> slices(request, Io.WRITE_ZEROES);
            default -> steps(request);
        };
    }

    private int oneEnded(Request request, int operation, int ioStatus) {
        if (ioStatus != IoStatus.OK) {
            return status(operation, ioStatus);
        }
        if (operation == Io.READ) {
            request.namespace().counters().read(request.dataBytes());
        } else if (operation == Io.WRITE) {
            request.namespace().counters().wrote(request.dataBytes());
        }
        return Status.SUCCESS;
    }

    private int withScratch(Request request) {
        if (request.scratch() == null) {
            MemorySegment buffer = dispatcher.scratches().take(request);
            if (buffer == null) {
                request.holdGuest();
                return Dispatcher.PENDING;
            }
            request.scratch(buffer);
        }
        return steps(request);
    }

    /** A volume has ended a piece of work that was pending. @return a status or {@link Dispatcher#PENDING} */
    int resume(Request request, int ioStatus) {
        if (request.queue().id() == 0) {
            // Of admin commands, Format NVM works on a volume, and Set Features may have reservations kept.
            boolean known = request.opcode() == AdminOpcode.FORMAT_NVM || request.opcode() == AdminOpcode.SET_FEATURES;
            return known ? status(Io.WRITE, ioStatus) : Status.INTERNAL_ERROR;
        }
        return switch (request.opcode()) {
            case IoOpcode.READ -> transferEnded(request, Io.READ, ioStatus);
            case IoOpcode.WRITE -> transferEnded(request, Io.WRITE, ioStatus);
            case IoOpcode.WRITE_ZEROES -> transferEnded(request, Io.WRITE_ZEROES, ioStatus);
            case IoOpcode.FLUSH ->
                request.nsid() == BROADCAST
                        ? stepEnded(request, Io.FLUSH, ioStatus)
                        : oneEnded(request, Io.FLUSH, ioStatus);
            // Kept, or not.
            case IoOpcode.RESERVATION_REGISTER, IoOpcode.RESERVATION_ACQUIRE, IoOpcode.RESERVATION_RELEASE ->
                ioStatus == IoStatus.OK ? Status.SUCCESS : Status.INTERNAL_ERROR;
            default -> stepEnded(request, request.work().operation(), ioStatus);
        };
    }

    private int stepEnded(Request request, int operation, int ioStatus) {
        if (ioStatus != IoStatus.OK) {
            return status(operation, ioStatus);
        }
        return detached(request) ? controller.access().detachedStatus() : steps(request);
    }

    /** Does steps until one is pending, the pass has done its share, or the command has ended. */
    private int steps(Request request) {
        while (true) {
            int status = next(request);
            if (status != STEP) {
                return status;
            }
            Io work = request.work();
            int ioStatus = dispatcher.submit(request, volumeOf(request), work);
            if (ioStatus == IoStatus.PENDING) {
                return Dispatcher.PENDING;
            }
            if (ioStatus != IoStatus.OK) {
                return status(work.operation(), ioStatus);
            }
            if (controller.passSpent()) {
                dispatcher.admission().later(request);
                return Dispatcher.PENDING;
            }
        }
    }

    private int next(Request request) {
        return switch (request.opcode()) {
            case IoOpcode.COMPARE -> CompareCommand.next(request);
            case IoOpcode.VERIFY -> VerifyCommand.next(request);
            case IoOpcode.COPY -> CopyCommand.next(request, controller);
            case IoOpcode.DATASET_MANAGEMENT -> DatasetManagement.next(request, controller);
            case IoOpcode.FLUSH -> nextFlush(request);
            default -> Status.INVALID_OPCODE;
        };
    }

    /** The next namespace of a Flush for all of them. */
    private int nextFlush(Request request) {
        int nsid = controller.namespaces().next((int) request.cursor());
        if (nsid == 0) {
            return Status.SUCCESS;
        }
        request.cursor(nsid);
        request.namespace(controller.namespaces().find(nsid));
        request.work().prepare(Io.FLUSH, 0, 0, false);
        return STEP;
    }

    /** True when the namespace left while the command waited; a Flush of all goes on with those that are there. */
    boolean detached(Request request) {
        Namespace namespace = request.namespaceOrNull();
        return namespace != null
                && request.nsid() != BROADCAST
                && controller.namespaces().find(namespace.nsid()) != namespace;
    }

    private static Volume volumeOf(Request request) {
        return request.namespace().volume();
    }

    /** What the host hears when a volume could not do its work. */
    static int status(int operation, int ioStatus) {
        return switch (ioStatus) {
            case IoStatus.OK -> Status.SUCCESS;
            case IoStatus.READ_ERROR -> Status.UNRECOVERED_READ_ERROR;
            case IoStatus.WRITE_ERROR -> operation == Io.READ ? Status.UNRECOVERED_READ_ERROR : Status.WRITE_FAULT;
            case IoStatus.NO_SPACE -> Status.CAPACITY_EXCEEDED;
            case IoStatus.GONE -> Status.NAMESPACE_NOT_READY;
            default -> Status.INTERNAL_ERROR;
        };
    }
}
