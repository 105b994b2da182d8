package io.vnvme.fabrics.tls;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The pre_shared_key extension of a ClientHello (RFC 8446, 4.2.11): which keys a client has. */
final class OfferedKeys {
    static final int EXTENSION = 41;
    private static final int AGE_BYTES = 4;

    private OfferedKeys() {}

    /** Identities, in the order of preference; those of an extension that makes no sense are none. */
    static List<String> identities(byte[] extension) {
        List<String> all = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(extension);
        if (in.remaining() < Short.BYTES) {
            return all;
        }
        int end = Short.BYTES + (in.getShort() & 0xffff);
        while (in.position() + Short.BYTES <= end && end <= in.capacity()) {
            int length = in.getShort() & 0xffff;
            if (in.position() + length + AGE_BYTES > end) {
                return List.of();
            }
            byte[] identity = new byte[length];
            in.get(identity).getInt();
            all.add(new String(identity, StandardCharsets.US_ASCII));
        }
        return all;
    }
}
