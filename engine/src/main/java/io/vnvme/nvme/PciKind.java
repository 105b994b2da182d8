package io.vnvme.nvme;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.LogPageId;
import io.vnvme.nvme.wire.Registers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** An I/O controller behind a PCI function. */
final class PciKind extends ControllerKind {
    private static final int DOORBELL_BUFFER_CONFIG = 1 << 8;

    private final long capabilities =
            Registers.capabilities(ControllerState.ENTRIES_MAX, true, Controller.PAGE_SHIFT_MAX);

    @Override
    long capabilities() {
        return capabilities;
    }

    @Override
    void describe(MemorySegment page) {
        int oacs = page.get(ValueLayout.JAVA_SHORT_UNALIGNED, 256);
        page.set(ValueLayout.JAVA_SHORT_UNALIGNED, 256, (short) (oacs | DOORBELL_BUFFER_CONFIG));
        // SGLs: of any alignment, bit buckets, longer than the data.
        page.set(ValueLayout.JAVA_INT_UNALIGNED, 536, 1 | 1 << 16 | 1 << 18);
    }

    @Override
    boolean admits(int adminOpcode) {
        return adminOpcode != AdminOpcode.FABRICS;
    }

    @Override
    boolean hasLogPage(int logPage) {
        return logPage != LogPageId.DISCOVERY;
    }

    @Override
    boolean shared() {
        return false;
    }

    @Override
    boolean exactLengths() {
        return false;
    }

    @Override
    int keepAliveMs() {
        return 0;
    }

    @Override
    Reservations.@Nullable Host host() {
        return null;
    }

    @Override
    int commandId(Request request) {
        return request.cid();
    }
}
