package io.vnvme.nvme;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.LogPageId;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Admin commands (NVM Express Base 2.0, 5): which data each moves, and who does it. */
final class AdminCommands {
    private static final int IDENTIFY_BYTES = 4096;

    private final Controller controller;
    private final QueueCommands queues;
    private final IdentifyCommand identify;
    /** What a command answers is put together here before it goes to the guest. */
    private final MemorySegment answer = Arena.ofAuto().allocate(LogPages.PAGE_MAX, 4096);

    AdminCommands(Controller controller) {
        this.controller = controller;
        this.queues = new QueueCommands(controller);
        this.identify = new IdentifyCommand(controller);
    }

    QueueCommands queues() {
        return queues;
    }

    /** Checks what can be checked before data moves, and says what moves. */
    int check(Request request) {
        boolean pointer = request.psdt() == Sqe.PSDT_PRP || controller.kind().exactLengths();
        if (!pointer || request.fuse() != 0) {
            return Status.INVALID_FIELD;
        }
        if (!controller.kind().admits(request.opcode())) {
            return Status.INVALID_OPCODE;
        }
        switch (request.opcode()) {
            case AdminOpcode.IDENTIFY -> request.transfers(IDENTIFY_BYTES, true);
            case AdminOpcode.GET_LOG_PAGE -> {
                long dwords = (request.dword(10) >>> 16 & 0xffffL) | (request.dword(11) & 0xffffL) << 16;
                if ((dwords + 1) * 4 > Controller.TRANSFER_MAX) {
                    return Status.INVALID_FIELD;
                }
                request.transfers((dwords + 1) * 4, true);
            }
            case AdminOpcode.GET_FEATURES ->
                request.transfers(controller.features().getBytes(request), true);
            case AdminOpcode.SET_FEATURES ->
                request.transfers(controller.features().setBytes(request), false);
            default -> {
                // No data, or a data pointer of its own meaning.
            }
        }
        return Status.SUCCESS;
    }

    /** Does the command. @return a status, or {@link Dispatcher#PENDING} */
    int run(Request request) {
        return switch (request.opcode()) {
            case AdminOpcode.DELETE_SQ -> queues.deleteSubmissionQueue(request);
            case AdminOpcode.CREATE_SQ -> queues.createSubmissionQueue(request);
            case AdminOpcode.DELETE_CQ -> queues.deleteCompletionQueue(request);
            case AdminOpcode.CREATE_CQ -> queues.createCompletionQueue(request);
            case AdminOpcode.IDENTIFY -> identify(request);
            case AdminOpcode.GET_LOG_PAGE -> logPage(request);
            case AdminOpcode.ABORT -> abort(request);
            case AdminOpcode.SET_FEATURES -> controller.features().set(request);
            case AdminOpcode.GET_FEATURES -> controller.features().get(request);
            case AdminOpcode.ASYNC_EVENT_REQUEST -> controller.events().request(request);
            case AdminOpcode.KEEP_ALIVE -> keepAlive();
            case AdminOpcode.DOORBELL_BUFFER_CONFIG -> queues.configureDoorbellBuffers(request);
            case AdminOpcode.FORMAT_NVM -> format(request);
            default -> Status.INVALID_OPCODE;
        };
    }

    private int identify(Request request) {
        MemorySegment page = answer.asSlice(0, IDENTIFY_BYTES).fill((byte) 0);
        int status = identify.fill(request, page);
        if (status == Status.SUCCESS) {
            request.data().copyFrom(0, page, 0, IDENTIFY_BYTES);
        }
        return status;
    }

    private int logPage(Request request) {
        int logPage = request.dword(10) & 0xff;
        long offset = request.dword(12) & 0xffff_ffffL | (long) request.dword(13) << 32;
        boolean offsetIsIndex = (request.dword(14) & 1 << 23) != 0;
        if ((offset & 3) != 0 || offsetIsIndex) {
            return Status.INVALID_FIELD;
        }
        if (logPage == LogPageId.DISCOVERY && controller.kind().hasLogPage(logPage)) {
            return discoveryLog(request, offset);
        }
        if (request.again() && logPage == LogPageId.CHANGED_NAMESPACES) {
            controller.namespaces().allChanged();
        }
        answer.fill((byte) 0);
        long size = controller.logs().fill(logPage, request, answer);
        if (size < 0) {
            return (int) -size;
        }
        if (offset < 0 || offset > size) {
            return Status.INVALID_FIELD;
        }
        for (long done = 0; done < request.dataBytes(); ) {
            // Behind the page's end come zeros: the answer buffer's own, which ends in a piece kept clear for it.
            long from = Math.min(offset + done, LogPages.SIZE_MAX);
            long part = Math.min(request.dataBytes() - done, LogPages.PAGE_MAX - from);
            request.data().copyFrom(done, answer, from, part);
            done += part;
        }
        taken(request, logPage);
        return Status.SUCCESS;
    }

    private void taken(Request request, int logPage) {
        boolean retain = (request.dword(10) & 1 << 15) != 0;
        if (!retain) {
            controller.logs().read(logPage);
        }
    }

    /** The one log page that has no largest size. */
    private int discoveryLog(Request request, long offset) {
        MemorySegment log = controller.kind().discoveryLog();
        if (offset < 0 || offset > log.byteSize()) {
            return Status.INVALID_FIELD;
        }
        long bytes = Math.min(request.dataBytes(), log.byteSize() - offset);
        if (bytes > 0) {
            request.data().copyFrom(0, log, offset, bytes);
        }
        if (bytes < request.dataBytes()) {
            request.data().zero(bytes, request.dataBytes() - bytes);
        }
        taken(request, LogPageId.DISCOVERY);
        return Status.SUCCESS;
    }

    /**
     * Commands are not taken back from a volume, so only those that wait for something else can be aborted: for an
     * event, a buffer, or the other half of a fused operation. Of any other the result says that it was not (bit 0).
     */
    private int abort(Request request) {
        int sqId = request.dword(10) & 0xffff;
        int cid = request.dword(10) >>> 16;
        boolean aborted = sqId == 0 && controller.events().abort(cid)
                || controller.dispatcher().waiting().abort(sqId, cid);
        request.result(aborted ? 0 : 1);
        return Status.SUCCESS;
    }

    private int keepAlive() {
        controller.keepAlive().alive();
        return Status.SUCCESS;
    }

    /** Format NVM without a change of format: the whole namespace reads zeros afterwards. */
    private int format(Request request) {
        int format = request.dword(10);
        int lbaFormat = format & 0xf | (format >>> 12 & 3) << 4;
        boolean metadataOrProtection = (format & 0x1f0) != 0;
        int secureErase = format >>> 9 & 7;
        if (lbaFormat != 0 || metadataOrProtection) {
            return Status.FORMAT_INVALID;
        }
        if (secureErase > 1) {
            return Status.INVALID_FIELD;
        }
        Namespace namespace = controller.namespaces().find(request.nsid());
        if (namespace == null) {
            return ActiveNamespaces.valid(request.nsid()) ? Status.INVALID_FIELD : Status.INVALID_NAMESPACE;
        }
        if (namespace.readOnly()) {
            return Status.WRITE_PROTECTED;
        }
        if (namespace.reservations().conflictsWithWrite(controller)) {
            return Status.RESERVATION_CONFLICT;
        }
        request.namespace(namespace);
        request.io().prepare(Io.DEALLOCATE, 0, namespace.volume().sizeBytes(), false);
        int ioStatus = controller.dispatcher().submit(request, namespace.volume(), request.io());
        return ioStatus == IoStatus.PENDING ? Dispatcher.PENDING : IoCommands.status(Io.WRITE, ioStatus);
    }
}
