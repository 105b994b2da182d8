package io.vnvme.crypto;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The key of one encrypted volume under up to eight passphrases and key files, as it is kept with the volume's metadata
 * (docs/formats/key-slots.md). Immutable.
 */
public final class KeySlots {
    public static final int SLOT_COUNT = 8;
    /** The size of every encoding, in bytes. */
    public static final int SIZE = 2048;
    /** Shorter key files are refused: 256 bits of a key need as many of the file. */
    public static final int KEY_FILE_MIN_BYTES = 32;

    public static final int KEY_FILE_MAX_BYTES = 1 << 20;

    /** "vNVMeKEY", as bytes in this order. */
    private static final long MAGIC = 0x59454B654D564E76L;

    private static final int VERSION = 1;
    private static final int AES_256_XTS = 1;
    private static final int HEADER_SIZE = 64;
    private static final int CRC_OFFSET = SIZE - Integer.BYTES;

    private final UUID keyId;
    private final int unitBytes;
    private final @Nullable KeySlot[] slots;

    private KeySlots(UUID keyId, int unitBytes, @Nullable KeySlot[] slots) {
        this.keyId = keyId;
        this.unitBytes = unitBytes;
        this.slots = slots;
    }

    /**
     * No slot yet: a volume must not be created with that.
     *
     * @param keyId identity of the volume key, new with every key
     * @param unitBytes data unit of XTS, 512 or 4096
     */
    public static KeySlots empty(UUID keyId, int unitBytes) {
        if (unitBytes != 512 && unitBytes != 4096) {
            throw new CryptoException("data unit of %d bytes: 512 or 4096".formatted(unitBytes));
        }
        return new KeySlots(keyId, unitBytes, new KeySlot[SLOT_COUNT]);
    }

    public UUID keyId() {
        return keyId;
    }

    public int unitBytes() {
        return unitBytes;
    }

    /** Number of slots in use. */
    public int count() {
        int count = 0;
        for (KeySlot slot : slots) {
            count += slot == null ? 0 : 1;
        }
        return count;
    }

    /** What slot {@code index} takes: "passphrase", "key file", or "free". */
    public String kind(int index) {
        KeySlot slot = slots[index];
        if (slot == null) {
            return "free";
        }
        return switch (slot.kind()) {
            case PASSPHRASE -> "passphrase";
            case KEY_FILE -> "key file";
        };
    }

    /** @throws CryptoException when all slots are in use */
    public KeySlots withPassphrase(
            VolumeKey key, byte[] passphrase, Argon2Cost cost, Argon2id argon2, SecureRandom random) {
        int free = free();
        return with(free, KeySlot.ofPassphrase(key, passphrase, cost, argon2, header(), random));
    }

    /** @throws CryptoException when all slots are in use, or the file is too short or too long */
    public KeySlots withKeyFile(VolumeKey key, byte[] content, SecureRandom random) {
        if (content.length < KEY_FILE_MIN_BYTES || content.length > KEY_FILE_MAX_BYTES) {
            throw new CryptoException("a key file has %d to %d bytes, this one has %d"
                    .formatted(KEY_FILE_MIN_BYTES, KEY_FILE_MAX_BYTES, content.length));
        }
        int free = free();
        return with(free, KeySlot.ofKeyFile(key, content, header(), random));
    }

    /** @throws CryptoException when the slot is free, or the last one in use: nothing would open the volume again */
    public KeySlots without(int index) {
        if (index < 0 || index >= SLOT_COUNT || slots[index] == null) {
            throw new CryptoException("key slot %d is not in use".formatted(index));
        }
        if (count() == 1) {
            throw new CryptoException("key slot %d is the last one: the data would be lost".formatted(index));
        }
        return with(index, null);
    }

    private KeySlots with(int index, @Nullable KeySlot slot) {
        @Nullable KeySlot[] changed = slots.clone();
        changed[index] = slot;
        return new KeySlots(keyId, unitBytes, changed);
    }

    private int free() {
        for (int i = 0; i < SLOT_COUNT; i++) {
            if (slots[i] == null) {
                return i;
            }
        }
        throw new CryptoException("all %d key slots are in use".formatted(SLOT_COUNT));
    }

    /** @throws CryptoException when no slot opens with this passphrase */
    public VolumeKey openWithPassphrase(byte[] passphrase, Argon2id argon2) {
        for (KeySlot slot : slots) {
            VolumeKey key = slot == null ? null : slot.openWithPassphrase(passphrase, argon2, header());
            if (key != null) {
                return key;
            }
        }
        throw new CryptoException("no key slot opens with this passphrase");
    }

    /** @throws CryptoException when no slot opens with this key file */
    public VolumeKey openWithKeyFile(byte[] content) {
        for (KeySlot slot : slots) {
            VolumeKey key = slot == null ? null : slot.openWithKeyFile(content, header());
            if (key != null) {
                return key;
            }
        }
        throw new CryptoException("no key slot opens with this key file");
    }

    /** The first 64 bytes; every wrapped key is bound to them. */
    private byte[] header() {
        return ByteBuffer.allocate(HEADER_SIZE)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(MAGIC)
                .putInt(VERSION)
                .putInt(AES_256_XTS)
                .putInt(unitBytes)
                .putInt(SLOT_COUNT)
                .putLong(keyId.getMostSignificantBits())
                .putLong(keyId.getLeastSignificantBits())
                .array();
    }

    /** Returns {@link #SIZE} bytes. */
    public byte[] encode() {
        ByteBuffer bytes = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(header());
        for (int i = 0; i < SLOT_COUNT; i++) {
            KeySlot slot = slots[i];
            if (slot == null) {
                bytes.position(bytes.position() + KeySlot.SIZE);
            } else {
                slot.put(bytes);
            }
        }
        bytes.putInt(CRC_OFFSET, crc(bytes.array()));
        return bytes.array();
    }

    /** @throws CryptoException when this is damaged, or of a version that is not known */
    public static KeySlots decode(byte[] encoded) {
        if (encoded.length != SIZE) {
            throw new CryptoException("key slots of %d bytes, not %d".formatted(encoded.length, SIZE));
        }
        ByteBuffer bytes = ByteBuffer.wrap(encoded).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.getLong() != MAGIC) {
            throw new CryptoException("these are no key slots");
        }
        if (bytes.getInt(CRC_OFFSET) != crc(encoded)) {
            throw new CryptoException("the key slots are damaged: their checksum is wrong");
        }
        int version = bytes.getInt();
        int algorithm = bytes.getInt();
        int unitBytes = bytes.getInt();
        int slotCount = bytes.getInt();
        if (version != VERSION || algorithm != AES_256_XTS || slotCount != SLOT_COUNT) {
            throw new CryptoException("key slots of version %d, algorithm %d, %d slots: unknown to this version"
                    .formatted(version, algorithm, slotCount));
        }
        KeySlots empty = empty(new UUID(bytes.getLong(), bytes.getLong()), unitBytes);
        bytes.position(HEADER_SIZE);
        for (int i = 0; i < SLOT_COUNT; i++) {
            empty.slots[i] = KeySlot.get(bytes);
        }
        if (!Arrays.equals(empty.encode(), encoded)) {
            throw new CryptoException("the key slots have fields that this version does not know");
        }
        return empty;
    }

    private static int crc(byte[] encoded) {
        CRC32C crc = new CRC32C();
        crc.update(encoded, 0, CRC_OFFSET);
        return (int) crc.getValue();
    }
}
