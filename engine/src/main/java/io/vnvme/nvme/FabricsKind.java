package io.vnvme.nvme;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.LogPageId;
import io.vnvme.nvme.wire.Registers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** An I/O controller of the dynamic model behind a message-based transport (NVM Express Base 2.0, 2.2.2 and 3.1.1). */
class FabricsKind extends ControllerKind {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    /** Capsules are counted in units of 16 bytes. */
    private static final int CAPSULE_UNIT = 16;

    private final FabricsHost host;
    private final FabricsLimits limits;
    private final long capabilities;

    FabricsKind(FabricsHost host, FabricsLimits limits) {
        this.host = host;
        this.limits = limits;
        this.capabilities = Registers.capabilities(limits.queueEntriesMax(), false, 12);
    }

    FabricsHost fabricsHost() {
        return host;
    }

    @Override
    long capabilities() {
        return capabilities;
    }

    @Override
    void describe(MemorySegment page) {
        page.set(SHORT, 514, (short) limits.queueEntriesMax());
        // SGLs: of any alignment, as an offset into the capsule, of the transport's own kind.
        page.set(INT, 536, 1 | 1 << 20 | 1 << 21);
        page.set(INT, 1792, limits.commandCapsuleBytes() / CAPSULE_UNIT);
        page.set(INT, 1796, limits.responseCapsuleBytes() / CAPSULE_UNIT);
        // ICDOFF 0: data follows the entry. FCATT 0: controllers are made when hosts connect.
        page.set(ValueLayout.JAVA_BYTE, 1803, (byte) 1);
        // Disconnect ends one queue pair.
        page.set(SHORT, 1804, (short) 1);
    }

    @Override
    boolean admits(int adminOpcode) {
        return switch (adminOpcode) {
            case AdminOpcode.CREATE_SQ,
                    AdminOpcode.DELETE_SQ,
                    AdminOpcode.CREATE_CQ,
                    AdminOpcode.DELETE_CQ,
                    AdminOpcode.DOORBELL_BUFFER_CONFIG -> false;
            default -> true;
        };
    }

    @Override
    boolean hasLogPage(int logPage) {
        return logPage != LogPageId.DISCOVERY;
    }

    @Override
    boolean shared() {
        return true;
    }

    @Override
    boolean exactLengths() {
        return true;
    }

    @Override
    int keepAliveMs() {
        return host.keepAliveMs();
    }

    @Override
    Reservations.Host host() {
        return new Reservations.Host(host.idLow(), host.idHigh());
    }

    /** The transport has identifiers of its own in the entries that it writes, and the host's where metadata would be. */
    @Override
    int commandId(Request request) {
        return (int) request.metadataPointer() & 0xffff;
    }
}
