package io.vnvme.nvme;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.LogPageId;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Supplier;

/** A discovery controller (NVM Express Base 2.0, 3.1.2.3): no namespaces, no I/O queues, and the Discovery log page. */
final class DiscoveryKind extends FabricsKind {
    private static final int LOG_CHANGE_NOTICES = 1 << 31;

    private final Supplier<MemorySegment> log;

    DiscoveryKind(FabricsHost host, FabricsLimits limits, Supplier<MemorySegment> log) {
        super(host, limits);
        this.log = log;
    }

    @Override
    void describe(MemorySegment page) {
        super.describe(page);
        // Controller type: discovery.
        page.set(ValueLayout.JAVA_BYTE, 111, (byte) 2);
        page.set(ValueLayout.JAVA_INT_UNALIGNED, 92, LOG_CHANGE_NOTICES);
        page.set(ValueLayout.JAVA_SHORT_UNALIGNED, 256, (short) 0);
    }

    @Override
    boolean admits(int adminOpcode) {
        return switch (adminOpcode) {
            case AdminOpcode.GET_LOG_PAGE,
                    AdminOpcode.IDENTIFY,
                    AdminOpcode.SET_FEATURES,
                    AdminOpcode.GET_FEATURES,
                    AdminOpcode.ASYNC_EVENT_REQUEST,
                    AdminOpcode.KEEP_ALIVE -> true;
            default -> false;
        };
    }

    @Override
    boolean hasLogPage(int logPage) {
        return switch (logPage) {
            case LogPageId.SUPPORTED_LOG_PAGES, LogPageId.ERROR_INFORMATION, LogPageId.DISCOVERY -> true;
            default -> false;
        };
    }

    @Override
    MemorySegment discoveryLog() {
        return log.get();
    }
}
