package io.vnvme.nvme;

import io.vnvme.memory.DataWalk;
import io.vnvme.memory.DmaMessages;
import io.vnvme.memory.FetchedLists;
import io.vnvme.memory.GuestMemory;
import io.vnvme.memory.PrpWalk;
import io.vnvme.memory.Segments;
import io.vnvme.memory.SglWalk;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * From a command's data pointer to memory that volumes can use: the guest's own where it is mapped, otherwise a stage
 * that messages fill before the command runs or empty after it.
 */
final class DataTransfer {
    /** Not decided yet: the command goes on by {@link Dispatcher#dataReady}. */
    static final int PENDING = -1;

    /** Pages of PRP lists or SGL segments that one command may have: 1 MiB in 4 KiB pages needs one or two. */
    private static final int LIST_PAGES_MAX = 64;

    private static final int STAGES_MAX = 16;

    private final Controller controller;
    private final Dispatcher dispatcher;
    private final GuestMemory memory;
    private final SglWalk sgl = new SglWalk();
    private final BufferPool stages;

    DataTransfer(Controller controller, Dispatcher dispatcher) {
        this.controller = controller;
        this.dispatcher = dispatcher;
        this.memory = controller.memory();
        this.stages = new BufferPool(Controller.TRANSFER_MAX, STAGES_MAX, this::resolveAgain);
    }

    /**
     * Finds the memory of a command's data.
     *
     * @return {@link Status#SUCCESS}, an error, or {@link #PENDING}
     */
    int resolve(Request request) {
        int walk = walk(request);
        if (walk == DataWalk.OK) {
            if (!request.data().remote()) {
                return Status.SUCCESS;
            }
            stage(request);
            return PENDING;
        }
        if (walk == DataWalk.LIST_MISSING) {
            return fetchList(request);
        }
        return status(walk);
    }

    private int walk(Request request) {
        Segments out = request.data();
        out.clear();
        FetchedLists lists = request.lists();
        if (request.psdt() == Sqe.PSDT_PRP) {
            return PrpWalk.walk(
                    memory,
                    request.dataPointerLow(),
                    request.dataPointerHigh(),
                    request.dataBytes(),
                    controller.pageBytes(),
                    request.toGuest(),
                    out,
                    lists);
        }
        return sgl.walk(
                memory,
                request.dataPointerLow(),
                request.dataPointerHigh(),
                request.dataBytes(),
                request.toGuest(),
                out,
                lists);
    }

    private static int status(int walk) {
        return switch (walk) {
            case DataWalk.PRP_OFFSET -> Status.PRP_OFFSET_INVALID;
            case DataWalk.SGL_SEGMENT -> Status.INVALID_SGL_SEGMENT;
            case DataWalk.SGL_COUNT -> Status.INVALID_SGL_COUNT;
            case DataWalk.SGL_LENGTH -> Status.SGL_LENGTH_INVALID;
            case DataWalk.SGL_TYPE -> Status.SGL_TYPE_INVALID;
            default -> Status.DATA_TRANSFER_ERROR;
        };
    }

    private int fetchList(Request request) {
        DmaMessages messages = memory.messages();
        FetchedLists lists = request.lists();
        if (messages == null || lists == null || lists.pageCount() == LIST_PAGES_MAX) {
            return Status.DATA_TRANSFER_ERROR;
        }
        long iova = lists.missingIova();
        messages.read(iova, lists.admitMissing(), ok -> {
            if (dispatcher.abandoned(request)) {
                return;
            }
            if (ok) {
                resolveAgain(request);
            } else {
                dispatcher.dataReady(request, Status.DATA_TRANSFER_ERROR);
            }
        });
        return PENDING;
    }

    /** Goes on with a command that waited for a list or for a stage: the guest's memory may be another by now. */
    private void resolveAgain(Request request) {
        try {
            int status = resolve(request);
            if (status != PENDING) {
                dispatcher.dataReady(request, status);
            }
        } catch (InternalError | RuntimeException e) {
            dispatcher.failed(request, e);
        }
    }

    /** Makes the walk able to meet lists in memory that is not mapped. */
    void prepare(Request request) {
        if (memory.messages() != null && request.lists() == null) {
            request.lists(new FetchedLists());
        }
    }

    /** Puts a stage in the place of guest memory that is not mapped, and fills it when the data goes to the drive. */
    private void stage(Request request) {
        MemorySegment buffer = stages.take(request);
        if (buffer == null) {
            return;
        }
        request.stage(buffer);
        Segments remote = request.remote();
        remote.copyOf(request.data());
        remote.holdRegions();
        request.data().clear();
        request.data().add(buffer, 0, request.dataBytes());
        if (request.toGuest()) {
            dispatcher.dataReady(request, Status.SUCCESS);
        } else {
            transfer(request, buffer, 0, 0);
        }
    }

    /** True when a completion has to wait for {@link #deliver}. */
    boolean undelivered(Request request) {
        return request.stage() != null && request.toGuest();
    }

    /** Sends what a command put on its stage to the guest; the command finishes when the guest has it. */
    void deliver(Request request) {
        MemorySegment buffer = request.stage();
        if (buffer == null) {
            throw new IllegalStateException("nothing staged");
        }
        transfer(request, buffer, 0, 0);
    }

    /** Moves piece {@code index} and all after it between the stage and the guest. */
    private void transfer(Request request, MemorySegment buffer, int index, long position) {
        Segments remote = request.remote();
        int piece = index;
        long at = position;
        while (piece < remote.count() && !remote.remote(piece)) {
            copyMapped(request, buffer, piece, at);
            at += remote.length(piece++);
        }
        if (piece == remote.count()) {
            transferred(request, true);
            return;
        }
        DmaMessages messages = memory.messages();
        if (messages == null) {
            transferred(request, false);
            return;
        }
        MemorySegment part = buffer.asSlice(at, remote.length(piece));
        int following = piece + 1;
        long after = at + remote.length(piece);
        DmaMessages.Completion next = ok -> {
            if (dispatcher.abandoned(request)) {
                return;
            }
            try {
                if (ok) {
                    transfer(request, buffer, following, after);
                } else {
                    transferred(request, false);
                }
            } catch (InternalError | RuntimeException e) {
                dispatcher.failed(request, e);
            }
        };
        if (request.toGuest()) {
            messages.write(remote.offset(piece), part, next);
        } else {
            messages.read(remote.offset(piece), part, next);
        }
    }

    private static void copyMapped(Request request, MemorySegment buffer, int piece, long at) {
        Segments remote = request.remote();
        MemorySegment mapped = remote.memory(piece);
        long length = remote.length(piece);
        if (request.toGuest()) {
            MemorySegment.copy(buffer, at, mapped, remote.offset(piece), length);
        } else {
            MemorySegment.copy(mapped, remote.offset(piece), buffer, at, length);
        }
    }

    private void transferred(Request request, boolean ok) {
        if (!request.toGuest()) {
            dispatcher.dataReady(request, ok ? Status.SUCCESS : Status.DATA_TRANSFER_ERROR);
        } else {
            dispatcher.delivered(request, ok ? Status.SUCCESS : Status.DATA_TRANSFER_ERROR);
        }
    }

    /** Gives back what {@link #resolve} took for the command. */
    void release(Request request) {
        request.lists(null);
        @Nullable MemorySegment buffer = request.stage();
        if (buffer != null) {
            request.stage(null);
            request.remote().releaseRegions();
            stages.giveBack(buffer);
        }
    }

    /** Memory for data whose guest's own cannot be mapped. */
    BufferPool stages() {
        return stages;
    }
}
