package io.vnvme.crypto;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;
import org.jspecify.annotations.Nullable;

/** One way to a volume key: how a key is derived from what a person or a file has, and the volume key under that. */
final class KeySlot {
    /** How the wrapping key is derived. */
    enum Kind {
        PASSPHRASE(1),
        KEY_FILE(2);

        final int code;

        Kind(int code) {
            this.code = code;
        }
    }

    /** State, cost, salt, nonce: also what the wrapped key is bound to, with the header. */
    static final int PARAMETERS_SIZE = 64;

    static final int SIZE = PARAMETERS_SIZE + KeyWrap.WRAPPED_SIZE;
    static final int SALT_SIZE = 32;

    private static final byte[] KEY_FILE_INFO = "vNVMe key file, version 1".getBytes(StandardCharsets.US_ASCII);

    private final Kind kind;
    private final @Nullable Argon2Cost cost;
    private final byte[] salt;
    private final byte[] nonce;
    private final byte[] wrapped;

    private KeySlot(Kind kind, @Nullable Argon2Cost cost, byte[] salt, byte[] nonce, byte[] wrapped) {
        this.kind = kind;
        this.cost = cost;
        this.salt = salt;
        this.nonce = nonce;
        this.wrapped = wrapped;
    }

    Kind kind() {
        return kind;
    }

    static KeySlot ofPassphrase(
            VolumeKey key, byte[] passphrase, Argon2Cost cost, Argon2id argon2, byte[] header, SecureRandom random) {
        KeySlot empty = new KeySlot(
                Kind.PASSPHRASE, cost, bytes(SALT_SIZE, random), bytes(KeyWrap.NONCE_SIZE, random), new byte[0]);
        return empty.filled(key, argon2.derive(passphrase, empty.salt, cost, KeyWrap.KEK_SIZE), header);
    }

    static KeySlot ofKeyFile(VolumeKey key, byte[] content, byte[] header, SecureRandom random) {
        KeySlot empty = new KeySlot(
                Kind.KEY_FILE, null, bytes(SALT_SIZE, random), bytes(KeyWrap.NONCE_SIZE, random), new byte[0]);
        return empty.filled(key, empty.extract(content), header);
    }

    private KeySlot filled(VolumeKey key, byte[] kek, byte[] header) {
        return new KeySlot(kind, cost, salt, nonce, KeyWrap.wrap(key, kek, nonce, associated(header)));
    }

    /** Returns the volume key, or null when this is not the passphrase of this slot. */
    @Nullable
    VolumeKey openWithPassphrase(byte[] passphrase, Argon2id argon2, byte[] header) {
        if (cost == null) {
            return null;
        }
        return KeyWrap.unwrap(
                wrapped, argon2.derive(passphrase, salt, cost, KeyWrap.KEK_SIZE), nonce, associated(header));
    }

    /** Returns the volume key, or null when this is not the key file of this slot. */
    @Nullable
    VolumeKey openWithKeyFile(byte[] content, byte[] header) {
        return kind == Kind.KEY_FILE ? KeyWrap.unwrap(wrapped, extract(content), nonce, associated(header)) : null;
    }

    /** HKDF (RFC 5869) with SHA-256: a key file is random already, no work has to be made of guessing it. */
    private byte[] extract(byte[] content) {
        try {
            return KDF.getInstance("HKDF-SHA256")
                    .deriveData(HKDFParameterSpec.ofExtract()
                            .addIKM(content)
                            .addSalt(salt)
                            .thenExpand(KEY_FILE_INFO, KeyWrap.KEK_SIZE));
        } catch (GeneralSecurityException e) {
            throw new CryptoException("the JDK does not have HKDF-SHA256", e);
        }
    }

    private byte[] associated(byte[] header) {
        ByteBuffer bytes = ByteBuffer.allocate(header.length + PARAMETERS_SIZE).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(header);
        putParameters(bytes);
        return bytes.array();
    }

    private static byte[] bytes(int count, SecureRandom random) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Appends {@link #SIZE} bytes. */
    void put(ByteBuffer to) {
        putParameters(to);
        to.put(wrapped);
    }

    private void putParameters(ByteBuffer to) {
        to.putInt(kind.code);
        to.putInt(cost == null ? 0 : cost.iterations());
        to.putInt(cost == null ? 0 : cost.memoryKib());
        to.putInt(cost == null ? 0 : cost.lanes());
        to.put(salt);
        to.put(nonce);
        to.putInt(0);
    }

    /**
     * Reads {@link #SIZE} bytes.
     *
     * @return null for a free slot
     * @throws CryptoException when this is no slot of this version
     */
    static @Nullable KeySlot get(ByteBuffer from) {
        int code = from.getInt();
        int iterations = from.getInt();
        int memoryKib = from.getInt();
        int lanes = from.getInt();
        byte[] salt = new byte[SALT_SIZE];
        byte[] nonce = new byte[KeyWrap.NONCE_SIZE];
        byte[] wrapped = new byte[KeyWrap.WRAPPED_SIZE];
        from.get(salt).get(nonce);
        int reserved = from.getInt();
        from.get(wrapped);
        if (reserved != 0) {
            throw new CryptoException("a key slot has fields that this version does not know");
        }
        return switch (code) {
            case 0 -> null;
            case 1 -> new KeySlot(Kind.PASSPHRASE, new Argon2Cost(iterations, memoryKib, lanes), salt, nonce, wrapped);
            case 2 -> new KeySlot(Kind.KEY_FILE, null, salt, nonce, wrapped);
            default -> throw new CryptoException("a key slot is of kind %d, unknown to this version".formatted(code));
        };
    }
}
