package io.vnvme.fabrics.tls;

import io.vnvme.fabrics.auth.DhHash;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** HKDF-Expand-Label of a key extracted without salt (RFC 5869, RFC 8446 7.1), as the standards have it and as it was done for years. */
enum Expansion {
    /** Lengths before each part, big endian. */
    STANDARD {
        @Override
        byte[] info(int bytes, String label, String context) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.write(bytes >> 8);
            out.write(bytes);
            out.write(PREFIX.length() + label.length());
            out.writeBytes(ascii(PREFIX + label));
            out.write(context.length());
            out.writeBytes(ascii(context));
            return out.toByteArray();
        }
    },
    /** As libnvme did until version 1.15: one length alone, little endian. */
    OLD_LIBNVME {
        @Override
        byte[] info(int bytes, String label, String context) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.write(bytes);
            out.write(bytes >> 8);
            out.writeBytes(ascii(PREFIX + label + context));
            return out.toByteArray();
        }
    };

    private static final String PREFIX = "tls13 ";

    abstract byte[] info(int bytes, String label, String context);

    /** As many bytes as the hash has: of HKDF's blocks only the first is ever needed. */
    byte[] expand(DhHash hash, byte[] key, String label, String context) {
        byte[] extracted = hash.hmac(new byte[hash.bytes()], key);
        return hash.hmac(extracted, info(hash.bytes(), label, context), new byte[] {1});
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
