package io.vnvme.nvme;

import io.vnvme.drive.IoStatus;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/** Reservation Register, Acquire, Release and Report (NVM Express Base 2.0, 7.2 to 7.5). */
final class ReservationCommands {
    private static final int IGNORE_KEY = 1 << 3;
    private static final int REPORT_HEADER = 24;
    private static final int REPORT_HEADER_EXTENDED = 64;
    /** Register, Acquire and Release bring two keys at most. */
    private static final int KEYS_BYTES = 16;
    /** A host that is registered and not connected now has no controller. */
    private static final int NO_CONTROLLER = 0xffff;

    private static final int PERSIST_OFF = 2;
    private static final int PERSIST_ON = 3;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private static final MemorySegment ZEROS = Arena.ofAuto().allocate(4096);

    private final Controller controller;
    private final MemorySegment buffer = Arena.ofAuto().allocate(KEYS_BYTES, 8);

    ReservationCommands(Controller controller) {
        this.controller = controller;
    }

    int check(Request request) {
        switch (request.opcode()) {
            case IoOpcode.RESERVATION_RELEASE -> request.transfers(8, false);
            case IoOpcode.RESERVATION_REPORT -> {
                long bytes = ((request.dword(10) & 0xffff_ffffL) + 1) * 4;
                if (bytes > Controller.TRANSFER_MAX) {
                    return Status.INVALID_FIELD;
                }
                request.transfers(bytes, true);
            }
            default -> request.transfers(16, false);
        }
        return Status.SUCCESS;
    }

    int run(Request request) {
        if (request.opcode() == IoOpcode.RESERVATION_REPORT) {
            return report(request);
        }
        Reservations reservations = request.namespace().reservations();
        if (request.again() && reservations.madeBy(ReservationMemory.Cause.of(controller, request))) {
            // Done by another process, which has not said so.
            reservations.unkept();
            return keep(controller, request, List.of(request.namespace()));
        }
        request.data().copyTo(0, buffer, 0, request.dataBytes());
        long key = buffer.get(LONG, 0);
        int action = request.dword(10) & 7;
        boolean ignoreKey = (request.dword(10) & IGNORE_KEY) != 0;
        int type = request.dword(10) >>> 8 & 0xff;
        int status = switch (request.opcode()) {
            case IoOpcode.RESERVATION_REGISTER ->
                register(request, reservations, action, key, buffer.get(LONG, 8), ignoreKey);
            case IoOpcode.RESERVATION_ACQUIRE ->
                acquire(reservations, action, key, buffer.get(LONG, 8), type, ignoreKey);
            default -> release(reservations, action, key, type, ignoreKey);
        };
        return status == Status.SUCCESS ? keep(controller, request, List.of(request.namespace())) : status;
    }

    /**
     * What a command has changed about reservations is kept before the command ends: for the next process, and for a time after a
     * power loss.
     *
     * @return a status or {@link Dispatcher#PENDING}
     */
    static int keep(Controller controller, Request request, List<Namespace> changed) {
        List<Namespace> unkept = new ArrayList<>();
        for (Namespace namespace : changed) {
            if (namespace.reservations().takeChanged()) {
                namespace.reservations().remember(ReservationMemory.Cause.of(controller, request));
                if (namespace.keeper() != null) {
                    unkept.add(namespace);
                }
            }
        }
        if (unkept.isEmpty()) {
            return Status.SUCCESS;
        }
        Dispatcher dispatcher = controller.dispatcher();
        dispatcher.workBegan(request);
        AtomicInteger left = new AtomicInteger(unkept.size());
        AtomicInteger status = new AtomicInteger(IoStatus.OK);
        for (Namespace namespace : unkept) {
            ReservationKeeper keeper = Objects.requireNonNull(namespace.keeper());
            keeper.keep(namespace.reservations().image(), kept -> {
                if (!kept) {
                    namespace.reservations().unkept();
                    status.set(IoStatus.WRITE_ERROR);
                }
                if (left.decrementAndGet() == 0) {
                    dispatcher.ioCompleted(request, status.get());
                }
            });
        }
        return Dispatcher.PENDING;
    }

    private int register(
            Request request, Reservations reservations, int action, long key, long newKey, boolean ignoreKey) {
        int persist = request.dword(10) >>> 30;
        boolean offered =
                persist != PERSIST_ON || request.namespace().keeper() != null && reservations.hasRoomToPersist();
        if (persist == 1 || !offered) {
            return Status.INVALID_FIELD;
        }
        int status = switch (action) {
            case 0 -> reservations.register(controller, newKey);
            case 1 -> reservations.unregister(controller, key, ignoreKey);
            case 2 -> reservations.replace(controller, key, newKey, ignoreKey);
            default -> Status.INVALID_FIELD;
        };
        boolean changes = status == Status.SUCCESS && (persist == PERSIST_ON || persist == PERSIST_OFF);
        return !changes || reservations.persistent(persist == PERSIST_ON) ? status : Status.INVALID_FIELD;
    }

    private int acquire(Reservations reservations, int action, long key, long preempted, int type, boolean ignoreKey) {
        boolean known = type >= Reservations.WRITE_EXCLUSIVE && type <= Reservations.EXCLUSIVE_ACCESS_ALL;
        if (!known || ignoreKey) {
            return Status.INVALID_FIELD;
        }
        return switch (action) {
            case 0 -> reservations.acquire(controller, key, type);
            // Preempt and Abort: commands are not taken back, so both are one.
            case 1, 2 -> reservations.preempt(controller, key, preempted, type);
            default -> Status.INVALID_FIELD;
        };
    }

    private int release(Reservations reservations, int action, long key, int type, boolean ignoreKey) {
        return switch (action) {
            case 0 -> reservations.release(controller, key, type, ignoreKey);
            case 1 -> reservations.clear(controller, key, ignoreKey);
            default -> Status.INVALID_FIELD;
        };
    }

    /** One structure for each controller of a registered host, and for each such host that has none now. */
    private int report(Request request) {
        boolean extended = (request.dword(11) & 1) != 0;
        Reservations reservations = request.namespace().reservations();
        boolean wide = reservations.registrants().stream()
                .anyMatch(r -> r.host().high() != 0 && !r.host().isUnnamed());
        if (wide && !extended) {
            return Status.HOST_ID_INCONSISTENT;
        }
        int entryBytes = extended ? REPORT_HEADER_EXTENDED : REPORT_HEADER;
        List<Entry> entries = entries(request.namespace());
        MemorySegment out = Arena.ofAuto().allocate(entryBytes * (entries.size() + 1L), 8);
        out.set(INT, 0, reservations.generation());
        out.set(BYTE, 4, (byte) reservations.type());
        out.set(SHORT, 5, (short) entries.size());
        out.set(BYTE, 9, (byte) (reservations.persistent() ? 1 : 0));
        long at = entryBytes;
        for (Entry entry : entries) {
            Reservations.Registrant registrant = entry.registrant();
            out.set(SHORT, at, (short) entry.controllerId());
            out.set(BYTE, at + 2, (byte) (reservations.holds(registrant.host()) ? 1 : 0));
            if (extended) {
                out.set(LONG, at + 8, registrant.key());
                out.set(LONG, at + 16, registrant.host().low());
                out.set(LONG, at + 24, registrant.host().high());
            } else {
                out.set(LONG, at + 8, registrant.host().low());
                out.set(LONG, at + 16, registrant.key());
            }
            at += entryBytes;
        }
        long bytes = request.dataBytes();
        long filled = Math.min(bytes, out.byteSize());
        request.data().copyFrom(0, out, 0, filled);
        for (long done = filled; done < bytes; ) {
            long part = Math.min(bytes - done, ZEROS.byteSize());
            request.data().copyFrom(done, ZEROS, 0, part);
            done += part;
        }
        return Status.SUCCESS;
    }

    private record Entry(Reservations.Registrant registrant, int controllerId) {}

    private static List<Entry> entries(Namespace namespace) {
        List<Controller> controllers = namespace.controllers();
        List<Entry> entries = new ArrayList<>();
        for (Reservations.Registrant registrant : namespace.reservations().registrants()) {
            int before = entries.size();
            for (Controller controller : controllers) {
                if (Reservations.Host.of(controller).equals(registrant.host())) {
                    entries.add(new Entry(registrant, controller.controllerId()));
                }
            }
            if (entries.size() == before) {
                entries.add(new Entry(registrant, NO_CONTROLLER));
            }
        }
        return entries;
    }
}
