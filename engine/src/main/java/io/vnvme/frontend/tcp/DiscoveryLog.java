package io.vnvme.frontend.tcp;

import io.vnvme.nvme.wire.Fabrics;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** The Discovery log page (NVM Express Base 2.0, 5.16.1.23): a header and one entry for each subsystem and port, and for each
 * discovery controller elsewhere. */
final class DiscoveryLog {
    private static final int HEADER_BYTES = 1024;
    private static final int ENTRY_BYTES = 1024;

    // Header.
    private static final int GENCTR = 0;
    private static final int NUMREC = 8;

    // Entry.
    private static final int TRTYPE = 0;
    private static final int ADRFAM = 1;
    private static final int SUBTYPE = 2;
    private static final int TREQ = 3;
    private static final int PORTID = 4;
    private static final int CNTLID = 6;
    private static final int ASQSZ = 8;
    private static final int TRSVCID = 32;
    private static final int TRSVCID_BYTES = 32;
    private static final int SUBNQN = 256;
    private static final int TRADDR = 512;
    private static final int TRADDR_BYTES = 256;
    private static final int SECTYPE = 768;

    private static final int TCP = 3;
    private static final int IPV4 = 1;
    private static final int IPV6 = 2;
    private static final int REFERRAL = 1;
    private static final int NVM_SUBSYSTEM = 2;
    /** No secure channel; and a host may leave submission queue flow control off. */
    private static final int NOT_SECURE_NO_FLOW_CONTROL = 2 | 1 << 2;

    /** A secure channel is required, and so on. */
    private static final int SECURE_NO_FLOW_CONTROL = 1 | 1 << 2;

    private static final int TLS_1_3 = 2;

    private static final int ADMIN_ENTRIES_MAX = 128;

    /**
     * A subsystem by one port.
     *
     * @param encrypted the host has to use TLS
     */
    record Entry(String nqn, ListeningPort port, boolean encrypted) {}

    private DiscoveryLog() {}

    /**
     * The page for one host.
     *
     * @param generation counts changes
     * @param entries where it may connect, and to what
     * @param referrals discovery controllers elsewhere
     * @param local where it reached us
     */
    static MemorySegment of(
            long generation, List<Entry> entries, List<InetSocketAddress> referrals, InetSocketAddress local) {
        int count = entries.size() + referrals.size();
        MemorySegment page = Arena.ofAuto().allocate(HEADER_BYTES + (long) count * ENTRY_BYTES, Long.BYTES);
        page.set(ValueLayout.JAVA_LONG, GENCTR, generation);
        page.set(ValueLayout.JAVA_LONG, NUMREC, count);
        long at = HEADER_BYTES;
        for (Entry entry : entries) {
            fill(page.asSlice(at, ENTRY_BYTES), entry.nqn(), entry.port(), local);
            if (entry.encrypted()) {
                page.set(ValueLayout.JAVA_BYTE, at + TREQ, (byte) SECURE_NO_FLOW_CONTROL);
                page.set(ValueLayout.JAVA_BYTE, at + SECTYPE, (byte) TLS_1_3);
            }
            at += ENTRY_BYTES;
        }
        for (InetSocketAddress referral : referrals) {
            MemorySegment entry = page.asSlice(at, ENTRY_BYTES);
            boolean ipv6 = referral.getAddress() instanceof Inet6Address;
            describe(entry, Fabrics.DISCOVERY_NQN, REFERRAL, ipv6);
            reached(entry, referral.getPort(), referral.getAddress().getHostAddress());
            at += ENTRY_BYTES;
        }
        return page;
    }

    private static void fill(MemorySegment entry, String nqn, ListeningPort port, InetSocketAddress local) {
        describe(entry, nqn, NVM_SUBSYSTEM, port.ipv6To(local));
        entry.set(ValueLayout.JAVA_SHORT, PORTID, (short) port.id());
        reached(entry, port.address().getPort(), port.advertisedTo(local));
    }

    private static void describe(MemorySegment entry, String nqn, int type, boolean ipv6) {
        entry.set(ValueLayout.JAVA_BYTE, TRTYPE, (byte) TCP);
        entry.set(ValueLayout.JAVA_BYTE, ADRFAM, (byte) (ipv6 ? IPV6 : IPV4));
        entry.set(ValueLayout.JAVA_BYTE, SUBTYPE, (byte) type);
        entry.set(ValueLayout.JAVA_BYTE, TREQ, (byte) NOT_SECURE_NO_FLOW_CONTROL);
        entry.set(ValueLayout.JAVA_SHORT, CNTLID, (short) Fabrics.CNTLID_DYNAMIC);
        entry.set(ValueLayout.JAVA_SHORT, ASQSZ, (short) ADMIN_ENTRIES_MAX);
        entry.setString(SUBNQN, nqn, StandardCharsets.US_ASCII);
    }

    private static void reached(MemorySegment entry, int port, String address) {
        padded(entry, TRSVCID, TRSVCID_BYTES, Integer.toString(port));
        padded(entry, TRADDR, TRADDR_BYTES, address);
    }

    private static void padded(MemorySegment entry, long at, int length, String text) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) ' ');
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(ascii, 0, bytes, 0, Math.min(ascii.length, length));
        MemorySegment.copy(bytes, 0, entry, ValueLayout.JAVA_BYTE, at, length);
    }
}
