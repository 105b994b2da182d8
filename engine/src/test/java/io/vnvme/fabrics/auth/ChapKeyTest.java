package io.vnvme.fabrics.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what {@code nvme gen-dhchap-key -s 000102...} of nvme-cli 2.13 writes. */
class ChapKeyTest {
    private static final String HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:6f1f5f5e-0000-4000-8000-000000000001";
    private static final String PLAIN = "DHHC-1:00:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaR:";

    private static byte[] counted(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i % 32);
        }
        return bytes;
    }

    @Test
    void aKeyIsReadAndWritten() {
        ChapKey key = ChapKey.parse(PLAIN);
        assertThat(key.transformed(HOST_NQN)).isEqualTo(counted(32));
        assertThat(key.secret()).isEqualTo(PLAIN);
        assertThat(key.hash()).isEmpty();
    }

    /** With -m and -n that program writes keys that are transformed already: without their checksum, what it has to come to. */
    @Test
    void keysAreTransformedByTheirHash() {
        String sha256 = "RGx7xk6PpPuKVInpqHCszmIkuDBdCIqRzV900X3oGtJ8qyKq";
        String sha384 = "dYhiDEq+Wmsdzm5eiUQQBoeELdlJUklDrwg5GVrEtNqpsXW/HXJWv1GIWGQe359GYBpcEw==";
        String sha512 = "LGnYaqPVZ7mqwKefVsvPEHBxB5+sLZpUh1SO4GZYBydOJA7QltX+yZnQJFOhwQ1TfQcx3JFiPQ/QQTi8WSRjmJQcUbc=";
        assertTransformed(DhHash.SHA_256, 1, sha256);
        assertTransformed(DhHash.SHA_384, 2, sha384);
        assertTransformed(DhHash.SHA_512, 3, sha512);
    }

    private static void assertTransformed(DhHash hash, int id, String expected) {
        byte[] key = counted(hash.bytes());
        CRC32 crc = new CRC32();
        crc.update(key);
        ByteBuffer with = ByteBuffer.allocate(key.length + 4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(key)
                .putInt((int) crc.getValue());
        String text = "DHHC-1:0%d:%s:".formatted(id, Base64.getEncoder().encodeToString(with.array()));
        byte[] transformed = ChapKey.parse(text).transformed(HOST_NQN);
        assertThat(transformed).hasSize(hash.bytes());
        assertThat(Base64.getDecoder().decode(expected)).startsWith(transformed);
    }

    @ParameterizedTest
    @EnumSource
    void generatedKeysAreReadAgainAndNoTwoAreTheSame(DhHash hash) {
        SecureRandom random = new SecureRandom();
        ChapKey key = ChapKey.generate(Optional.of(hash), random);
        assertThat(ChapKey.parse(key.secret()).transformed(HOST_NQN)).isEqualTo(key.transformed(HOST_NQN));
        assertThat(ChapKey.generate(Optional.of(hash), random).secret()).isNotEqualTo(key.secret());
        assertThat(key.toString()).doesNotContain(key.secret().substring(10));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "DHHC-1",
                "DHHC-1:00::",
                "DHHC-1:04:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaR:",
                "DHHC-1:02:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaR:",
                "DHHC-1:00:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaS:",
                "DHHC-1:00:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaR",
                "DHHC-1:00:AAECAwQFBgcICQoLDA0ODw==:",
                "DHHC-1:00:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaR:\n",
                "NVMeTLSkey-1:01:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaR:",
            })
    void whatIsNoKeyIsRefusedWithoutRepeatingIt(String text) {
        assertThatThrownBy(() -> ChapKey.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("AAEC"));
    }
}
