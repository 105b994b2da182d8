package io.vnvme.nvme;

import io.vnvme.nvme.wire.LogPageId;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** The log pages of a controller (NVM Express Base 2.0, 5.16). */
final class LogPages {
    /** Largest log page, in bytes. */
    static final int SIZE_MAX = 4096;
    /** Room for a log page and zeros behind it. */
    static final int PAGE_MAX = 2 * SIZE_MAX;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private static final int TEMPERATURE_KELVIN = 310;
    private static final int CHANGED_MAX = 1024;
    private static final int NAMESPACE_SCOPE = 1 << 20;
    private static final int CONTROLLER_SCOPE = 1 << 21;

    private final Controller controller;
    private final ErrorLog errors = new ErrorLog();
    private final long startedNs = System.nanoTime();

    LogPages(Controller controller) {
        this.controller = controller;
    }

    /** Notes a command that failed. @return its status, with More set */
    int failed(Request request, int status) {
        int type = Status.type(status);
        Namespace namespace = request.namespaceOrNull();
        int queueId = request.queue().id();
        if (namespace != null && queueId != 0) {
            namespace.counters().error();
            if (type == 2) {
                namespace.counters().mediaError();
            }
        }
        errors.add(
                queueId,
                controller.kind().commandId(request),
                status,
                queueId == 0 ? 0 : request.startingLba(),
                request.nsid());
        return status | Status.MORE;
    }

    void badDoorbell(int queueId, int value) {
        errors.add(queueId, 0xffff, 0, value, 0);
    }

    /**
     * Puts a whole log page at the start of {@code out}, which is zeros.
     *
     * @return its size in bytes, or a status negated
     */
    long fill(int logPage, Request request, MemorySegment out) {
        if (!controller.kind().hasLogPage(logPage)) {
            return -Status.LOG_PAGE_INVALID;
        }
        return switch (logPage) {
            case LogPageId.SUPPORTED_LOG_PAGES -> supported(out);
            case LogPageId.ERROR_INFORMATION -> errors.fill(out);
            case LogPageId.SMART -> smart(request, out);
            case LogPageId.FIRMWARE_SLOT -> firmware(out);
            case LogPageId.CHANGED_NAMESPACES -> changedNamespaces(out);
            case LogPageId.COMMANDS_SUPPORTED -> CommandEffects.fill(controller.kind(), request, out);
            case LogPageId.ANA -> controller.access().fill(request, out);
            case LogPageId.FEATURES_SUPPORTED -> features(out);
            case LogPageId.RESERVATION_NOTIFICATION -> reservation(out);
            case LogPageId.VENDOR -> vendor(request.nsid(), out);
            default -> -Status.LOG_PAGE_INVALID;
        };
    }

    /** The host has taken a log page and does not want its event retained. */
    void read(int logPage) {
        if (logPage == LogPageId.CHANGED_NAMESPACES) {
            controller.namespaces().clearChanged();
        }
        if (logPage == LogPageId.RESERVATION_NOTIFICATION) {
            controller.reservationLog().taken();
        }
        controller.events().logRead(logPage);
        if (logPage == LogPageId.RESERVATION_NOTIFICATION) {
            controller.reservationLog().more();
        }
    }

    private long supported(MemorySegment out) {
        int[] pages = {
            LogPageId.SUPPORTED_LOG_PAGES,
            LogPageId.ERROR_INFORMATION,
            LogPageId.SMART,
            LogPageId.FIRMWARE_SLOT,
            LogPageId.CHANGED_NAMESPACES,
            LogPageId.COMMANDS_SUPPORTED,
            LogPageId.ANA,
            LogPageId.FEATURES_SUPPORTED,
            LogPageId.DISCOVERY,
            LogPageId.RESERVATION_NOTIFICATION,
            LogPageId.VENDOR
        };
        for (int page : pages) {
            if (controller.kind().hasLogPage(page)) {
                out.set(INT, page * 4L, 1);
            }
        }
        return 1024;
    }

    private long smart(Request request, MemorySegment out) {
        int nsid = request.nsid();
        if (nsid != 0 && nsid != -1) {
            // LPA bit 0 is clear: the page is of the controller as a whole.
            return -Status.INVALID_FIELD;
        }
        long readBytes = 0;
        long writtenBytes = 0;
        long reads = 0;
        long writes = 0;
        long mediaErrors = 0;
        ActiveNamespaces all = controller.namespaces();
        for (int id = all.next(0); id != 0; id = all.next(id)) {
            Namespace namespace = all.find(id);
            if (namespace != null) {
                IoCounters counters = namespace.counters();
                readBytes += counters.readBytes();
                writtenBytes += counters.writeBytes();
                reads += counters.readCommands();
                writes += counters.writeCommands();
                mediaErrors += counters.mediaErrors();
            }
        }
        out.set(SHORT, 1, (short) TEMPERATURE_KELVIN);
        out.set(BYTE, 3, (byte) 100);
        out.set(BYTE, 4, (byte) 10);
        out.set(LONG, 32, units(readBytes));
        out.set(LONG, 48, units(writtenBytes));
        out.set(LONG, 64, reads);
        out.set(LONG, 80, writes);
        out.set(LONG, 112, 1);
        out.set(LONG, 128, (System.nanoTime() - startedNs) / 3_600_000_000_000L);
        out.set(LONG, 160, mediaErrors);
        out.set(LONG, 176, errors.count());
        return 512;
    }

    /** Data units: thousands of 512 bytes, rounded up. */
    private static long units(long bytes) {
        return (bytes + 511_999) / 512_000;
    }

    private long firmware(MemorySegment out) {
        out.set(BYTE, 0, (byte) 1);
        IdentifyCommand.text(out, 8, 8, controller.subsystem().firmware());
        return 512;
    }

    private long changedNamespaces(MemorySegment out) {
        int index = 0;
        var changed = controller.namespaces().changedSet();
        for (int nsid = changed.nextSetBit(0); nsid >= 0 && index < CHANGED_MAX; nsid = changed.nextSetBit(nsid + 1)) {
            out.set(INT, 4L * index++, nsid);
        }
        return SIZE_MAX;
    }

    private static long features(MemorySegment out) {
        int supported = 1;
        for (int id = 0; id < 256; id++) {
            if (Features.supported(id)) {
                int scope = Features.namespaceSpecific(id) ? NAMESPACE_SCOPE : CONTROLLER_SCOPE;
                out.set(INT, id * 4L, supported | scope);
            }
        }
        return 1024;
    }

    private long vendor(int nsid, MemorySegment out) {
        long nowNs = controller.passMeter().beganNs();
        if (nsid == 0 || nsid == -1) {
            return VendorLog.fill(out, nsid, controller.namespaces().all(), nowNs);
        }
        Namespace namespace = controller.namespaces().find(nsid);
        return namespace == null ? -Status.INVALID_NAMESPACE : VendorLog.fill(out, nsid, List.of(namespace), nowNs);
    }

    private long reservation(MemorySegment out) {
        return controller.reservationLog().fill(out);
    }
}
