package io.vnvme.nvme;

import io.vnvme.nvme.wire.Cns;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Identify (NVM Express Base 2.0, 5.17; NVM Command Set 1.0, 4.1.5): 4096 bytes for each kind of question. */
final class IdentifyCommand {
    private static final int COMMAND_SET_NVM = 0;
    private static final int NAMESPACES_MAX = 1024;
    /** RESCAP: all types of reservation; Ignore Existing Key as of NVMe 1.3. */
    private static final int RESERVATION_CAPABILITIES = 0xfe;

    private static final int RESERVATIONS_PERSIST = 1;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private final Controller controller;

    IdentifyCommand(Controller controller) {
        this.controller = controller;
    }

    /** Fills {@code page}, which is zeros. @return a status */
    int fill(Request request, MemorySegment page) {
        int cns = request.dword(10) & 0xff;
        int commandSet = request.dword(11) >>> 24;
        int nsid = request.nsid();
        return switch (cns) {
            case Cns.NAMESPACE -> namespace(nsid, page);
            case Cns.CONTROLLER -> {
                IdentifyController.fill(controller, page);
                yield Status.SUCCESS;
            }
            case Cns.ACTIVE_NAMESPACES -> activeNamespaces(nsid, page);
            case Cns.NAMESPACE_DESCRIPTORS -> descriptors(nsid, page);
            case Cns.COMMAND_SET_NAMESPACE -> commandSet == COMMAND_SET_NVM ? exists(nsid) : Status.INVALID_FIELD;
            case Cns.COMMAND_SET_CONTROLLER -> commandSetController(commandSet, page);
            case Cns.COMMAND_SET_ACTIVE_NAMESPACES ->
                commandSet == COMMAND_SET_NVM ? activeNamespaces(nsid, page) : Status.INVALID_FIELD;
            case Cns.INDEPENDENT_NAMESPACE -> independentNamespace(nsid, page);
            case Cns.NAMESPACE_CONTROLLERS -> namespaceControllers(request, page);
            case Cns.CONTROLLERS -> {
                controllers(request, page);
                yield Status.SUCCESS;
            }
            case Cns.COMMAND_SETS -> commandSets(request, page);
            default -> Status.INVALID_FIELD;
        };
    }

    /** A namespace that is not attached is answered by zeros; an identifier that cannot be is an error. */
    private int exists(int nsid) {
        return nsid > 0 && nsid <= ActiveNamespaces.NSID_MAX ? Status.SUCCESS : Status.INVALID_NAMESPACE;
    }

    private int namespace(int nsid, MemorySegment page) {
        Namespace namespace = controller.namespaces().find(nsid);
        if (namespace == null) {
            return exists(nsid);
        }
        long blocks = namespace.blockCount();
        page.set(LONG, 0, blocks);
        page.set(LONG, 8, blocks);
        page.set(LONG, 16, blocks);
        // The hints below mean something; all of the namespace counts as in use.
        page.set(BYTE, 24, (byte) (1 << 4));
        formats(page, namespace.blockShift());
        page.set(BYTE, 30, (byte) shared());
        page.set(BYTE, 31, (byte) reservations(namespace));
        // Deallocated blocks read zeros; Write Zeroes can deallocate.
        page.set(BYTE, 33, (byte) (1 | 1 << 3));
        hints(page, namespace);
        page.set(SHORT, 74, (short) CopyCommand.rangeBlocksMax(namespace));
        page.set(INT, 76, CopyCommand.blocksMax(namespace));
        page.set(BYTE, 80, (byte) (CopyCommand.RANGES_MAX - 1));
        page.set(INT, 92, controller.access().group());
        page.set(BYTE, 99, (byte) (namespace.readOnly() ? 1 : 0));
        copy(page, 104, namespace.identity().nguidBytes());
        copy(page, 120, namespace.identity().eui64Bytes());
        VendorLog.name(page, 384, namespace);
        return Status.SUCCESS;
    }

    private static int reservations(Namespace namespace) {
        return RESERVATION_CAPABILITIES | (namespace.keeper() == null ? 0 : RESERVATIONS_PERSIST);
    }

    /** NMIC: whether more than one controller may show it at once. */
    private int shared() {
        return controller.shared() ? 1 : 0;
    }

    /** NPWG, NPWA, NPDG, NPDA and NOWS: blocks, 0's based. The alignments are what the sizes are. */
    private static void hints(MemorySegment page, Namespace namespace) {
        int granularity = blocks(namespace, namespace.volume().physicalBlockBytes());
        page.set(SHORT, 64, (short) (granularity - 1));
        page.set(SHORT, 66, (short) (granularity - 1));
        page.set(SHORT, 68, (short) (granularity - 1));
        page.set(SHORT, 70, (short) (granularity - 1));
        page.set(SHORT, 72, (short) (blocks(namespace, namespace.volume().optimalWriteBytes()) - 1));
    }

    private static int blocks(Namespace namespace, int bytes) {
        return Math.clamp(bytes >>> namespace.blockShift(), 1, 1 << 16);
    }

    /** One format: no metadata, the best performance. */
    private static void formats(MemorySegment page, int blockShift) {
        page.set(INT, 128, blockShift << 16);
    }

    private int activeNamespaces(int above, MemorySegment page) {
        if (Integer.compareUnsigned(above, 0xffff_fffe) >= 0) {
            return Status.INVALID_NAMESPACE;
        }
        int index = 0;
        ActiveNamespaces all = controller.namespaces();
        for (int nsid = all.next(above < 0 ? ActiveNamespaces.NSID_MAX : above);
                nsid != 0 && index < NAMESPACES_MAX;
                nsid = all.next(nsid)) {
            page.set(INT, 4L * index++, nsid);
        }
        all.listed();
        return Status.SUCCESS;
    }

    private int descriptors(int nsid, MemorySegment page) {
        Namespace namespace = controller.namespaces().find(nsid);
        if (namespace == null) {
            return exists(nsid) == Status.SUCCESS ? Status.INVALID_FIELD : Status.INVALID_NAMESPACE;
        }
        NamespaceIdentity identity = namespace.identity();
        int at = descriptor(page, 0, 1, identity.eui64Bytes());
        at = descriptor(page, at, 2, identity.nguidBytes());
        byte[] uuid = ByteBuffer.allocate(16)
                .putLong(identity.uuid().getMostSignificantBits())
                .putLong(identity.uuid().getLeastSignificantBits())
                .array();
        at = descriptor(page, at, 3, uuid);
        descriptor(page, at, 4, new byte[] {COMMAND_SET_NVM});
        return Status.SUCCESS;
    }

    private static int descriptor(MemorySegment page, int at, int type, byte[] identifier) {
        page.set(BYTE, at, (byte) type);
        page.set(BYTE, at + 1L, (byte) identifier.length);
        copy(page, at + 4L, identifier);
        return at + 4 + identifier.length;
    }

    private static int commandSetController(int commandSet, MemorySegment page) {
        if (commandSet != COMMAND_SET_NVM) {
            return Status.INVALID_FIELD;
        }
        // Verify and Write Zeroes: 2^8 pages of 4 KiB; Dataset Management: 256 ranges of any size.
        page.set(BYTE, 0, (byte) 8);
        page.set(BYTE, 1, (byte) 8);
        return Status.SUCCESS;
    }

    private int independentNamespace(int nsid, MemorySegment page) {
        Namespace namespace = controller.namespaces().find(nsid);
        if (namespace == null) {
            return exists(nsid);
        }
        page.set(BYTE, 1, (byte) shared());
        page.set(BYTE, 2, (byte) reservations(namespace));
        page.set(INT, 4, controller.access().group());
        page.set(BYTE, 8, (byte) (namespace.readOnly() ? 1 : 0));
        // Ready.
        page.set(BYTE, 14, (byte) 1);
        return Status.SUCCESS;
    }

    private int namespaceControllers(Request request, MemorySegment page) {
        Namespace namespace = controller.namespaces().find(request.nsid());
        if (namespace == null) {
            return exists(request.nsid()) == Status.SUCCESS ? Status.INVALID_FIELD : Status.INVALID_NAMESPACE;
        }
        controllers(request, page);
        return Status.SUCCESS;
    }

    /** The list of controllers from a CNTLID on: of this one alone, others are not this host's business. */
    private void controllers(Request request, MemorySegment page) {
        int from = request.dword(10) >>> 16;
        if (controller.controllerId() >= from) {
            page.set(SHORT, 0, (short) 1);
            page.set(SHORT, 2, (short) controller.controllerId());
        }
    }

    private int commandSets(Request request, MemorySegment page) {
        int cntid = request.dword(10) >>> 16;
        if (cntid != 0xffff && cntid != controller.controllerId()) {
            return Status.INVALID_FIELD;
        }
        page.set(LONG, 0, 1L << COMMAND_SET_NVM);
        return Status.SUCCESS;
    }

    static void text(MemorySegment page, long offset, int length, String text) {
        byte[] padded = new byte[length];
        Arrays.fill(padded, (byte) ' ');
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(ascii, 0, padded, 0, Math.min(ascii.length, length));
        copy(page, offset, padded);
    }

    static void copy(MemorySegment page, long offset, byte[] bytes) {
        MemorySegment.copy(bytes, 0, page, ValueLayout.JAVA_BYTE, offset, bytes.length);
    }
}
