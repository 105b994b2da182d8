package io.vnvme.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class KeySlotsTest {
    private static final UUID ID = new UUID(0x1234, 0x5678);
    private static final byte[] PASSPHRASE = "correct horse".getBytes(StandardCharsets.UTF_8);
    private static final byte[] OTHER = "battery staple".getBytes(StandardCharsets.UTF_8);

    private final SecureRandom random = new SecureRandom();

    /** Stands in for Argon2id: what matters here is only that all of the input counts. */
    static byte[] derive(byte[] passphrase, byte[] salt, Argon2Cost cost, int lengthBytes) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(passphrase);
            digest.update(salt);
            digest.update(ByteBuffer.allocate(12)
                    .putInt(cost.iterations())
                    .putInt(cost.memoryKib())
                    .putInt(cost.lanes())
                    .array());
            byte[] bytes = digest.digest();
            assertThat(bytes).hasSize(lengthBytes);
            return bytes;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    static KeySlots withPassphrase(KeySlots slots, VolumeKey key, byte[] passphrase, SecureRandom random) {
        return slots.withPassphrase(key, passphrase, Argon2Cost.DEFAULT, KeySlotsTest::derive, random);
    }

    @Test
    void everySlotOpensWithItsOwn() {
        byte[] file = new byte[64];
        random.nextBytes(file);
        try (VolumeKey key = VolumeKey.random(random)) {
            KeySlots slots = withPassphrase(KeySlots.empty(ID, 4096), key, PASSPHRASE, random)
                    .withKeyFile(key, file, random);
            slots = withPassphrase(slots, key, OTHER, random);
            KeySlots read = KeySlots.decode(slots.encode());
            assertThat(read.keyId()).isEqualTo(ID);
            assertThat(read.unitBytes()).isEqualTo(4096);
            assertThat(read.count()).isEqualTo(3);
            assertThat(read.kind(1)).isEqualTo("key file");
            for (byte[] passphrase : new byte[][] {PASSPHRASE, OTHER}) {
                try (VolumeKey opened = read.openWithPassphrase(passphrase, KeySlotsTest::derive)) {
                    assertThat(opened.sameAs(key)).isTrue();
                }
            }
            try (VolumeKey opened = read.openWithKeyFile(file)) {
                assertThat(opened.sameAs(key)).isTrue();
            }
            file[0]++;
            assertThatThrownBy(() -> read.openWithKeyFile(file)).hasMessage("no key slot opens with this key file");
            assertThatThrownBy(() -> read.openWithPassphrase(file, KeySlotsTest::derive))
                    .hasMessage("no key slot opens with this passphrase");
            KeySlots fewer = read.without(0);
            assertThatThrownBy(() -> fewer.openWithPassphrase(PASSPHRASE, KeySlotsTest::derive))
                    .isInstanceOf(CryptoException.class);
            fewer.openWithPassphrase(OTHER, KeySlotsTest::derive).close();
        }
    }

    @Test
    void keepsTheLastSlotAndKnowsWhenItIsFull() {
        try (VolumeKey key = VolumeKey.random(random)) {
            KeySlots slots = KeySlots.empty(ID, 512);
            for (int i = 0; i < KeySlots.SLOT_COUNT; i++) {
                slots = slots.withKeyFile(key, new byte[32], random);
            }
            KeySlots full = slots;
            assertThatThrownBy(() -> full.withKeyFile(key, new byte[32], random))
                    .hasMessage("all 8 key slots are in use");
            assertThatThrownBy(() -> full.withKeyFile(key, new byte[31], random))
                    .hasMessageContaining("this one has 31");
            for (int i = 0; i < KeySlots.SLOT_COUNT - 1; i++) {
                slots = slots.without(i);
            }
            KeySlots last = slots;
            assertThatThrownBy(() -> last.without(7)).hasMessageContaining("the last one");
            assertThatThrownBy(() -> last.without(0)).hasMessageContaining("not in use");
        }
    }

    /** Whoever can write to the drive but has no key must not be able to make guessing cheap, or exchange keys. */
    @Test
    void isBoundToItsParameters() {
        try (VolumeKey key = VolumeKey.random(random)) {
            KeySlots slots = KeySlots.empty(ID, 4096).withKeyFile(key, new byte[32], random);
            KeySlots moved = KeySlots.empty(new UUID(1, 1), 4096).withKeyFile(key, new byte[32], random);
            byte[] mixed = slots.encode();
            System.arraycopy(moved.encode(), 64, mixed, 64, KeySlot.SIZE);
            KeySlots read = KeySlots.decode(sealed(mixed));
            assertThatThrownBy(() -> read.openWithKeyFile(new byte[32])).isInstanceOf(CryptoException.class);
        }
    }

    @Test
    void refusesNewerAndDamagedOnes() {
        try (VolumeKey key = VolumeKey.random(random)) {
            byte[] encoded = withPassphrase(KeySlots.empty(ID, 4096), key, PASSPHRASE, random)
                    .encode();
            assertThat(encoded).hasSize(KeySlots.SIZE);
            assertThatThrownBy(() -> KeySlots.decode(changed(encoded, 8, 2))).hasMessageContaining("version 2");
            assertThatThrownBy(() -> KeySlots.decode(changed(encoded, 64, 9))).hasMessageContaining("kind 9");
            assertThatThrownBy(() -> KeySlots.decode(changed(encoded, 64 + 4, 0)))
                    .hasMessageContaining("Argon2");
            assertThatThrownBy(() -> KeySlots.decode(changed(encoded, 50, 1))).hasMessageContaining("fields");
            byte[] damaged = encoded.clone();
            damaged[100]++;
            assertThatThrownBy(() -> KeySlots.decode(damaged)).hasMessageContaining("damaged");
            assertThatThrownBy(() -> KeySlots.decode(new byte[KeySlots.SIZE])).hasMessageContaining("no key slots");
            assertThatThrownBy(() -> KeySlots.decode(new byte[7])).hasMessageContaining("7 bytes");
        }
    }

    private static byte[] changed(byte[] encoded, int offset, int value) {
        byte[] changed = encoded.clone();
        changed[offset] = (byte) value;
        return sealed(changed);
    }

    static byte[] sealed(byte[] encoded) {
        CRC32C crc = new CRC32C();
        crc.update(encoded, 0, encoded.length - 4);
        ByteBuffer.wrap(encoded).putInt(encoded.length - 4, Integer.reverseBytes((int) crc.getValue()));
        return encoded;
    }
}
