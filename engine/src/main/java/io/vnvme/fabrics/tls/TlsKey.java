package io.vnvme.fabrics.tls;

import io.vnvme.fabrics.auth.DhHash;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * A configured PSK in the interchange format (NVM Express TCP Transport 1.0, 3.6.1.5): {@code NVMeTLSkey-1:HH:BASE64:}, where HH says
 * which hash retains it, 00 for none, and what is encoded is a key of 32 or 48 bytes with its CRC-32 behind it, little endian.
 */
public final class TlsKey {
    private static final Pattern SHAPE = Pattern.compile("NVMeTLSkey-1:0([0-2]):([A-Za-z0-9+/]+={0,2}):");
    private static final byte[] SEED = "NVMe-over-Fabrics".getBytes(StandardCharsets.US_ASCII);

    private final byte[] key;
    private final @Nullable TlsHash retaining;

    private TlsKey(byte[] key, @Nullable TlsHash retaining) {
        this.key = key;
        this.retaining = retaining;
    }

    /** @throws IllegalArgumentException that says what is wrong with it, and nothing of what it is */
    public static TlsKey parse(String text) {
        Matcher shape = SHAPE.matcher(text);
        if (!shape.matches()) {
            throw new IllegalArgumentException("a TLS key looks like NVMeTLSkey-1:01:...:");
        }
        byte[] decoded = Base64.getDecoder().decode(shape.group(2));
        int length = decoded.length - Integer.BYTES;
        if (TlsHash.forBytes(length).isEmpty()) {
            throw new IllegalArgumentException("a TLS key has 32 or 48 bytes, this one %d".formatted(length));
        }
        byte[] key = Arrays.copyOf(decoded, length);
        if (crc(key) != ByteBuffer.wrap(decoded).order(ByteOrder.LITTLE_ENDIAN).getInt(length)) {
            throw new IllegalArgumentException("the TLS key was not copied whole: its checksum is wrong");
        }
        TlsHash hash = TlsHash.of(Integer.parseInt(shape.group(1))).orElse(null);
        if (hash != null && hash.bytes() != length) {
            throw new IllegalArgumentException(
                    "a TLS key for %s has %d bytes, this one %d".formatted(hash.hash(), hash.bytes(), length));
        }
        return new TlsKey(key, hash);
    }

    /** A new one of 256 bits. */
    public static TlsKey generate(SecureRandom random) {
        byte[] key = new byte[TlsHash.SHA_256.bytes()];
        random.nextBytes(key);
        return new TlsKey(key, TlsHash.SHA_256);
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
        int id = retaining == null ? 0 : retaining.id();
        return "NVMeTLSkey-1:%02d:%s:".formatted(id, Base64.getEncoder().encodeToString(bytes.array()));
    }

    /**
     * What TLS may use between these two: identities of both versions. Of those of version 1 there are two, since what many hosts derive is not
     * what the standard says; the one of version 0 does not say by which it was derived, and is what such hosts make of it.
     */
    public List<TlsPsk> psks(String hostNqn, String subsystemNqn) {
        List<TlsPsk> all = new ArrayList<>();
        for (Expansion expansion : Expansion.values()) {
            all.add(versioned(expansion, hostNqn, subsystemNqn));
        }
        TlsHash hash = hash();
        String identity = "NVMe0R%02d %s %s".formatted(hash.id(), hostNqn, subsystemNqn);
        byte[] retained = retained(Expansion.OLD_LIBNVME, hostNqn);
        byte[] psk = Expansion.OLD_LIBNVME.expand(hash.hash(), retained, "nvme-tls-psk", identity);
        all.add(new TlsPsk(identity, psk, hash.suite()));
        return List.copyOf(all);
    }

    private TlsPsk versioned(Expansion expansion, String hostNqn, String subsystemNqn) {
        TlsHash hash = hash();
        byte[] retained = retained(expansion, hostNqn);
        byte[] names = "%s %s ".formatted(hostNqn, subsystemNqn).getBytes(StandardCharsets.US_ASCII);
        String digest = Base64.getEncoder().encodeToString(hash.hash().hmac(retained, names, SEED));
        String context = "%02d %s".formatted(hash.id(), digest);
        return new TlsPsk(
                "NVMe1R%02d %s %s %s".formatted(hash.id(), hostNqn, subsystemNqn, digest),
                expansion.expand(hash.hash(), retained, "nvme-tls-psk", context),
                hash.suite());
    }

    /** The hash of the cipher suite: the one that retains it, else the one with the key's length. */
    private TlsHash hash() {
        return Optional.ofNullable(retaining)
                .or(() -> TlsHash.forBytes(key.length))
                .orElseThrow();
    }

    private byte[] retained(Expansion expansion, String hostNqn) {
        DhHash hash = retaining == null ? null : retaining.hash();
        return hash == null ? key : expansion.expand(hash, key, "HostNQN", hostNqn);
    }

    /** Nothing of the secret: what is logged by mistake gives nothing away. */
    @Override
    public String toString() {
        return "a TLS key";
    }
}
