package io.vnvme.fabrics.auth;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Hash functions by their identifier in messages and keys (NVM Express Base 2.0, 8.13.5.3). */
public enum DhHash {
    SHA_256(1, 32),
    SHA_384(2, 48),
    SHA_512(3, 64);

    private final int id;
    private final int bytes;

    DhHash(int id, int bytes) {
        this.id = id;
        this.bytes = bytes;
    }

    public int id() {
        return id;
    }

    /** Length of what it returns. */
    public int bytes() {
        return bytes;
    }

    public static Optional<DhHash> of(int id) {
        for (DhHash hash : values()) {
            if (hash.id == id) {
                return Optional.of(hash);
            }
        }
        return Optional.empty();
    }

    /** By what people write: {@code sha256}. */
    public static Optional<DhHash> named(String text) {
        for (DhHash hash : values()) {
            if (hash.toString().equals(text)) {
                return Optional.of(hash);
            }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return name().replace("_", "").toLowerCase(Locale.ROOT);
    }

    public byte[] digest(byte[] data) {
        try {
            return MessageDigest.getInstance(name().replace('_', '-')).digest(data);
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    /** HMAC of the parts, one behind the other. */
    public byte[] hmac(byte[] key, byte[]... parts) {
        try {
            String algorithm = "Hmac" + name().replace("_", "");
            Mac mac = Mac.getInstance(algorithm);
            mac.init(new SecretKeySpec(key, algorithm));
            for (byte[] part : parts) {
                mac.update(part);
            }
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    private static IllegalStateException missing(GeneralSecurityException e) {
        return new IllegalStateException("this JDK has not what every JDK has", e);
    }
}
