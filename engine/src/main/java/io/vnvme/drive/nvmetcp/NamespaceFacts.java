package io.vnvme.drive.nvmetcp;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.UUID;

/**
 * What Identify says of a namespace.
 *
 * @param identity its UUID, NGUID or EUI64, whichever it has first; empty when it has none
 * @param writeCache whether the controller has a volatile write cache
 * @param writeZeroes whether Write Zeroes is supported
 */
public record NamespaceFacts(
        long sizeBytes,
        int blockBytes,
        int physicalBlockBytes,
        String identity,
        boolean writeCache,
        boolean writeZeroes,
        int anaGroup) {
    // Identify Namespace (NVM Command Set 1.0, figure 97).
    private static final long NSZE = 0;
    private static final long NSFEAT = 24;
    private static final long FLBAS = 26;
    private static final long NPWG = 64;
    private static final long ANAGRPID = 92;
    private static final long LBAF0 = 128;
    private static final int NSFEAT_OPTIMAL = 1 << 4;
    // Descriptors (NVM Express Base 2.0, figure 279): type, length, two reserved bytes, then the identifier.
    private static final int DESCRIPTOR_HEADER = 4;
    private static final int TYPE_EUI64 = 1;
    private static final int TYPE_NGUID = 2;
    private static final int TYPE_UUID = 3;

    private static final int SECTOR_SHIFT = 9;
    private static final int PAGE_SHIFT = 12;

    /** @throws RemoteException when the namespace is not there, or is of a kind that is not served */
    static NamespaceFacts decode(int nsid, MemorySegment page, ControllerFacts controller, String identity) {
        long blocks = page.get(ValueLayout.JAVA_LONG_UNALIGNED, NSZE);
        if (blocks == 0) {
            throw new RemoteException("the subsystem has no namespace %d for this host".formatted(nsid));
        }
        int flbas = page.get(ValueLayout.JAVA_BYTE, FLBAS);
        int format = flbas & 0xf | flbas >> 1 & 0x30;
        int lbaf = page.get(ValueLayout.JAVA_INT_UNALIGNED, LBAF0 + 4L * format);
        int shift = lbaf >>> 16 & 0xff;
        if (shift != SECTOR_SHIFT && shift != PAGE_SHIFT) {
            throw new RemoteException(
                    "namespace %d has blocks of 2^%d bytes: 512 or 4096 are served".formatted(nsid, shift));
        }
        if ((lbaf & 0xffff) != 0) {
            throw new RemoteException("namespace %d has %d bytes of metadata with each block: that is not served"
                    .formatted(nsid, lbaf & 0xffff));
        }
        if (blocks < 0 || blocks > Long.MAX_VALUE >> shift) {
            throw new RemoteException("namespace %d says that it has 0x%x blocks".formatted(nsid, blocks));
        }
        int block = 1 << shift;
        int physical = Math.max(block, 1 << PAGE_SHIFT);
        if ((page.get(ValueLayout.JAVA_BYTE, NSFEAT) & NSFEAT_OPTIMAL) != 0) {
            int granularity = (Short.toUnsignedInt(page.get(ValueLayout.JAVA_SHORT_UNALIGNED, NPWG)) + 1) << shift;
            physical = Math.max(physical, Integer.highestOneBit(granularity));
        }
        return new NamespaceFacts(
                blocks << shift,
                block,
                physical,
                identity,
                controller.writeCache(),
                controller.writeZeroes(),
                page.get(ValueLayout.JAVA_INT_UNALIGNED, ANAGRPID));
    }

    /** Whether that is its UUID. */
    public boolean is(UUID uuid) {
        return identity.equals("uuid." + uuid.toString().replace("-", ""));
    }

    /** The identifier that a list of descriptors has, the longest-lived kind first. */
    static String identity(MemorySegment list) {
        String found = "";
        int best = 0;
        for (long at = 0; at + DESCRIPTOR_HEADER <= list.byteSize(); ) {
            int type = list.get(ValueLayout.JAVA_BYTE, at);
            int length = list.get(ValueLayout.JAVA_BYTE, at + 1) & 0xff;
            long end = at + DESCRIPTOR_HEADER + length;
            if (length == 0 || end > list.byteSize()) {
                break;
            }
            if (type >= TYPE_EUI64 && type <= TYPE_UUID && type > best) {
                byte[] bytes = list.asSlice(at + DESCRIPTOR_HEADER, length).toArray(ValueLayout.JAVA_BYTE);
                String kind = type == TYPE_UUID ? "uuid." : type == TYPE_NGUID ? "nguid." : "eui.";
                found = kind + HexFormat.of().formatHex(bytes);
                best = type;
            }
            at = end;
        }
        return found;
    }

    /** Why another path's namespace is not this one; empty when it is. */
    String difference(NamespaceFacts other) {
        if (!identity.equals(other.identity)) {
            return "another namespace: %s, not %s".formatted(words(other.identity), words(identity));
        }
        if (other.sizeBytes < sizeBytes || other.blockBytes != blockBytes) {
            return "a namespace of %d bytes in blocks of %d, not %d in %d"
                    .formatted(other.sizeBytes, other.blockBytes, sizeBytes, blockBytes);
        }
        if (other.writeCache && !writeCache) {
            // Whoever uses the drive was told that what is written is safe at once, and flushes nothing.
            return "a namespace with a volatile write cache, which it had not";
        }
        return "";
    }

    private static String words(String identity) {
        return identity.isEmpty() ? "one without identifier" : identity;
    }
}
