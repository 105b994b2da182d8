package io.vnvme.nvme;

import io.vnvme.nvme.wire.Registers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** The Identify Controller data structure (NVM Express Base 2.0, figure 275): what this controller can do. */
final class IdentifyController {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private static final int ANA_CHANGE_SECONDS_MAX = 10;
    private static final int ANA_CHANGE_NOTICES = 1 << 11;

    private IdentifyController() {}

    static void fill(Controller controller, MemorySegment page) {
        identity(controller, page);
        admin(page);
        if (controller.access().reported()) {
            access(page);
        }
        io(page);
        byte[] nqn = controller.subsystem().nqn().getBytes(StandardCharsets.UTF_8);
        IdentifyCommand.copy(page, 768, nqn);
        controller.kind().describe(page);
        powerState(page);
        controller.namespaces().all().stream().findFirst().ifPresent(first -> VendorLog.name(page, 3072, first));
    }

    private static void identity(Controller controller, MemorySegment page) {
        Subsystem subsystem = controller.subsystem();
        page.set(SHORT, 0, (short) Controller.PCI_VENDOR_ID);
        page.set(SHORT, 2, (short) Controller.PCI_VENDOR_ID);
        IdentifyCommand.text(page, 4, 20, subsystem.serial());
        IdentifyCommand.text(page, 24, 40, subsystem.model());
        IdentifyCommand.text(page, 64, 8, subsystem.firmware());
        // Recommended arbitration burst: 2^6.
        page.set(BYTE, 72, (byte) 6);
        // Organisation: locally administered, as the namespaces' identifiers.
        page.set(BYTE, 75, (byte) 0x02);
        // The subsystem may have several controllers.
        page.set(BYTE, 76, (byte) (controller.shared() ? 1 << 1 : 0));
        // MDTS: 2^8 pages of 4 KiB.
        page.set(BYTE, 77, (byte) 8);
        page.set(SHORT, 78, (short) controller.controllerId());
        page.set(INT, 80, Registers.VERSION_2_0);
        // Namespace Attribute notices.
        page.set(INT, 92, 1 << 8);
        // 128-bit Host Identifier; commands of any kind keep the controller alive.
        page.set(INT, 96, 1 | 1 << 6);
        // I/O controller.
        page.set(BYTE, 111, (byte) 1);
    }

    private static void admin(MemorySegment page) {
        // Format NVM.
        page.set(SHORT, 256, (short) (1 << 1));
        // Abort: 4 at once; events: 8 at once.
        page.set(BYTE, 258, (byte) 3);
        page.set(BYTE, 259, (byte) (AsyncEvents.REQUESTS_MAX - 1));
        // One read-only firmware slot.
        page.set(BYTE, 260, (byte) (1 | 1 << 1));
        // Log pages: commands supported and effects, extended data, supported log pages and their like.
        page.set(BYTE, 261, (byte) (1 << 1 | 1 << 2 | 1 << 5));
        page.set(BYTE, 262, (byte) (ErrorLog.ENTRIES - 1));
        // Composite temperature thresholds: 343 K warns, 353 K is critical.
        page.set(SHORT, 266, (short) 343);
        page.set(SHORT, 268, (short) 353);
        // Keep alive in units of 100 ms.
        page.set(SHORT, 320, (short) 1);
    }

    /** Asymmetric namespace access: what all controllers of one namespace say, where there may be several. */
    private static void access(MemorySegment page) {
        page.set(BYTE, 76, (byte) (page.get(BYTE, 76) | 1 << 3));
        page.set(INT, 92, page.get(INT, 92) | ANA_CHANGE_NOTICES);
        page.set(BYTE, 342, (byte) ANA_CHANGE_SECONDS_MAX);
        // All five states are reported; a namespace's group may change while it is attached.
        page.set(BYTE, 343, (byte) 0x1f);
        page.set(INT, 344, NamespaceAccess.GROUP_MAX);
        // One at a time.
        page.set(INT, 348, 1);
    }

    private static void io(MemorySegment page) {
        // Entries of 64 and 16 bytes.
        page.set(BYTE, 512, (byte) 0x66);
        page.set(BYTE, 513, (byte) 0x44);
        page.set(INT, 516, ActiveNamespaces.NSID_MAX);
        // Compare, Dataset Management, Write Zeroes, Save and Select in features, Reservations, Timestamp, Verify,
        // Copy.
        page.set(SHORT, 520, (short) (1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8));
        // Fused Compare and Write.
        page.set(SHORT, 522, (short) 1);
        // Format NVM is for one namespace at a time.
        page.set(BYTE, 524, (byte) (1 << 3));
        // A write cache is announced so that every host flushes; Flush takes all namespaces at once.
        page.set(BYTE, 525, (byte) (1 | 3 << 1));
        // Writes of one block are atomic: AWUN and AWUPF 0; Compare and Write: one block.
        // Copy descriptors of format 0.
        page.set(SHORT, 534, (short) 1);
        page.set(INT, 540, ActiveNamespaces.NSID_MAX);
    }

    private static void powerState(MemorySegment page) {
        // One power state of 10 W, in units of 0.01 W.
        page.set(SHORT, 2048, (short) 1000);
    }
}
