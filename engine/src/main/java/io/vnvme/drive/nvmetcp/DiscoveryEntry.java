package io.vnvme.drive.nvmetcp;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A subsystem and a port where it is reached, as a discovery controller tells of it.
 *
 * @param kind {@code nvm}, {@code discovery}, or the code of something else
 * @param transport {@code tcp}, {@code rdma}, {@code fc}, or the code of something else
 * @param service the port, of TCP
 * @param encrypted whether a host has to come by TLS
 */
public record DiscoveryEntry(
        String subsystemNqn, String kind, String transport, String address, String service, boolean encrypted) {
    // Discovery Log Page Entry (NVM Express Base 2.0, figure 264).
    private static final long TRTYPE = 0;
    private static final long SUBTYPE = 2;
    private static final long TREQ = 3;
    private static final long TRSVCID = 32;
    private static final int TRSVCID_BYTES = 32;
    private static final long SUBNQN = 256;
    private static final long TRADDR = 512;
    private static final int TEXT_BYTES = 256;
    /** TREQ, bits 1:0: a secure channel is required. */
    private static final int SECURE = 1;

    static DiscoveryEntry decode(MemorySegment entry) {
        int type = entry.get(ValueLayout.JAVA_BYTE, SUBTYPE) & 0xff;
        int transport = entry.get(ValueLayout.JAVA_BYTE, TRTYPE) & 0xff;
        return new DiscoveryEntry(
                text(entry, SUBNQN, TEXT_BYTES),
                switch (type) {
                    case 1, 3 -> "discovery";
                    case 2 -> "nvm";
                    default -> Integer.toString(type);
                },
                switch (transport) {
                    case 1 -> "rdma";
                    case 2 -> "fc";
                    case 3 -> "tcp";
                    default -> Integer.toString(transport);
                },
                text(entry, TRADDR, TEXT_BYTES),
                text(entry, TRSVCID, TRSVCID_BYTES),
                (entry.get(ValueLayout.JAVA_BYTE, TREQ) & 3) == SECURE);
    }

    /** Text up to a zero, without what cannot be printed: it is not to be trusted. */
    private static String text(MemorySegment entry, long at, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            int character = entry.get(ValueLayout.JAVA_BYTE, at + i) & 0xff;
            if (character == 0) {
                break;
            }
            text.append(character >= ' ' && character < 0x7f ? (char) character : '?');
        }
        return text.toString().strip();
    }
}
