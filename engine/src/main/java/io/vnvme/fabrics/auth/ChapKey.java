package io.vnvme.fabrics.auth;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * A secret in the form that {@code nvme gen-dhchap-key} writes (NVM Express Base 2.0, 8.13.5.8):
 * {@code DHHC-1:HH:BASE64:}, where HH names the hash that transforms it, 00 for none, and what is encoded is the key of 32, 48
 * or 64 bytes with its CRC-32 behind it, little endian.
 */
public final class ChapKey {
    private static final Pattern SHAPE = Pattern.compile("DHHC-1:0([0-3]):([A-Za-z0-9+/]+={0,2}):");
    private static final byte[] SEED = "NVMe-over-Fabrics".getBytes(StandardCharsets.US_ASCII);

    private final byte[] key;
    private final @Nullable DhHash hash;

    private ChapKey(byte[] key, @Nullable DhHash hash) {
        this.key = key;
        this.hash = hash;
    }

    /** @throws IllegalArgumentException that says what is wrong with it, and nothing of what it is */
    public static ChapKey parse(String text) {
        Matcher shape = SHAPE.matcher(text);
        if (!shape.matches()) {
            throw new IllegalArgumentException("a DH-HMAC-CHAP key looks like DHHC-1:00:...:");
        }
        byte[] decoded = Base64.getDecoder().decode(shape.group(2));
        Optional<DhHash> hash = DhHash.of(Integer.parseInt(shape.group(1)));
        int length = decoded.length - Integer.BYTES;
        if (length != 32 && length != 48 && length != 64) {
            throw new IllegalArgumentException(
                    "a DH-HMAC-CHAP key has 32, 48 or 64 bytes, this one %d".formatted(length));
        }
        if (hash.isPresent() && hash.get().bytes() != length) {
            throw new IllegalArgumentException("a DH-HMAC-CHAP key for %s has %d bytes, this one %d"
                    .formatted(hash.get(), hash.get().bytes(), length));
        }
        byte[] key = Arrays.copyOf(decoded, length);
        if (crc(key) != ByteBuffer.wrap(decoded).order(ByteOrder.LITTLE_ENDIAN).getInt(length)) {
            throw new IllegalArgumentException("the DH-HMAC-CHAP key was not copied whole: its checksum is wrong");
        }
        return new ChapKey(key, hash.orElse(null));
    }

    /**
     * A new one of 256 bits or more.
     *
     * @param hash that transforms it; nothing: it is used as it is
     */
    public static ChapKey generate(Optional<DhHash> hash, SecureRandom random) {
        byte[] key = new byte[hash.map(DhHash::bytes).orElse(32)];
        random.nextBytes(key);
        return new ChapKey(key, hash.orElse(null));
    }

    private static int crc(byte[] key) {
        CRC32 crc = new CRC32();
        crc.update(key);
        return (int) crc.getValue();
    }

    /** The secret, for whoever is to have it. */
    public String secret() {
        ByteBuffer bytes = ByteBuffer.allocate(key.length + Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(key).putInt(crc(key));
        int id = hash == null ? 0 : hash.id();
        return "DHHC-1:%02d:%s:".formatted(id, Base64.getEncoder().encodeToString(bytes.array()));
    }

    /** The hash that transforms it. */
    public Optional<DhHash> hash() {
        return Optional.ofNullable(hash);
    }

    /**
     * What responses are made with.
     *
     * @param nqn of the one whose key it is
     */
    byte[] transformed(String nqn) {
        return hash == null ? key : hash.hmac(key, nqn.getBytes(StandardCharsets.US_ASCII), SEED);
    }

    /** Nothing of the secret: what is logged by mistake gives nothing away. */
    @Override
    public String toString() {
        return "a DH-HMAC-CHAP key";
    }
}
