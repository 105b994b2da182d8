package io.vnvme.testkit.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.crypto.Argon2Cost;
import io.vnvme.crypto.CryptoException;
import io.vnvme.crypto.KeySlots;
import io.vnvme.crypto.VolumeKey;
import io.vnvme.testkit.seed.FuzzLoop;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** Whatever is done to encoded key slots, they are refused with a word, or open with nothing but their own key. */
final class KeySlotsFuzz {
    private static final byte[] FILE = new byte[48];
    private static final byte[] PASSPHRASE = {1, 2, 3};

    @Test
    void damagedSlots() {
        byte[] original = slots();
        FuzzLoop.run("KeySlotsFuzz", random -> round(original, random));
    }

    private static byte[] slots() {
        SecureRandom random = new SecureRandom();
        try (VolumeKey key = key()) {
            return KeySlots.empty(new UUID(1, 2), 4096)
                    .withKeyFile(key, FILE, random)
                    .withPassphrase(key, PASSPHRASE, Argon2Cost.DEFAULT, KeySlotsFuzz::derive, random)
                    .encode();
        }
    }

    private static VolumeKey key() {
        byte[] bytes = new byte[VolumeKey.SIZE];
        Arrays.fill(bytes, 32, 64, (byte) 7);
        return VolumeKey.of(bytes);
    }

    private static byte[] derive(byte[] passphrase, byte[] salt, Argon2Cost cost, int lengthBytes) {
        byte[] key = Arrays.copyOf(salt, lengthBytes);
        key[0] ^= passphrase[0];
        key[1] ^= (byte) cost.iterations();
        return key;
    }

    private static void round(byte[] original, SplittableRandom random) {
        byte[] damaged = original.clone();
        int changes = 1 + random.nextInt(8);
        for (int i = 0; i < changes; i++) {
            damaged[random.nextInt(random.nextBoolean() ? 400 : damaged.length)] = (byte) random.nextInt();
        }
        if (random.nextInt(4) != 0) {
            CRC32C crc = new CRC32C();
            crc.update(damaged, 0, damaged.length - 4);
            ByteBuffer.wrap(damaged).putInt(damaged.length - 4, Integer.reverseBytes((int) crc.getValue()));
        }
        if (random.nextInt(16) == 0) {
            damaged = Arrays.copyOf(damaged, random.nextInt(2 * damaged.length));
        }
        try {
            KeySlots slots = KeySlots.decode(damaged);
            assertThat(slots.encode()).isEqualTo(damaged);
            open(slots);
        } catch (CryptoException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    private static void open(KeySlots slots) {
        try (VolumeKey key = key();
                VolumeKey opened = slots.openWithKeyFile(FILE)) {
            assertThat(opened.sameAs(key)).isTrue();
        } catch (CryptoException e) {
            try (VolumeKey key = key();
                    VolumeKey opened = slots.openWithPassphrase(PASSPHRASE, KeySlotsFuzz::derive)) {
                assertThat(opened.sameAs(key)).isTrue();
            }
        }
    }
}
