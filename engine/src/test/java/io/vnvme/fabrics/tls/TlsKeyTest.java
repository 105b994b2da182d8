package io.vnvme.fabrics.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what {@code nvme gen-tls-key -s 000102...} and {@code nvme check-tls-key} of nvme-cli 2.13 write. */
class TlsKeyTest {
    private static final String HOST = "nqn.2014-08.org.nvmexpress:uuid:6f1f5f5e-0000-4000-8000-000000000001";
    private static final String SUBSYSTEM = "nqn.2026-01.io.vnvme:test";
    private static final String SHA256 = "NVMeTLSkey-1:01:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaR:";
    private static final String SHA384 =
            "NVMeTLSkey-1:02:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAQIDBAUGBwgJCgsMDQ4Prx7ycQ==:";

    private static List<String> identities(String key) {
        return TlsKey.parse(key).psks(HOST, SUBSYSTEM).stream()
                .map(TlsPsk::identity)
                .toList();
    }

    @Test
    void identitiesAreThoseThatHostsUse() {
        assertThat(identities(SHA256))
                .contains(
                        "NVMe0R01 %s %s".formatted(HOST, SUBSYSTEM),
                        "NVMe1R01 %s %s neeXgXS3Bf6UzzcPQMBci8dGVY8y+PMiZE+lIkCHEpE=".formatted(HOST, SUBSYSTEM))
                .doesNotHaveDuplicates();
        assertThat(identities(SHA384))
                .contains(
                        "NVMe0R02 %s %s".formatted(HOST, SUBSYSTEM),
                        "NVMe1R02 %s %s tzyuXUO5LmVXksazk5hNKE8UIvt7Eb2C1QJRRk2Szy1rZgjxYKiznhyufFONgRGn"
                                .formatted(HOST, SUBSYSTEM))
                .doesNotHaveDuplicates();
    }

    @Test
    void keysHaveTheLengthOfTheirSuite() {
        assertThat(TlsKey.parse(SHA256).psks(HOST, SUBSYSTEM)).allSatisfy(psk -> {
            assertThat(psk.key()).hasSize(32);
            assertThat(psk.suite()).isEqualTo(0x1301);
        });
        assertThat(TlsKey.parse(SHA384).psks(HOST, SUBSYSTEM)).allSatisfy(psk -> {
            assertThat(psk.key()).hasSize(48);
            assertThat(psk.suite()).isEqualTo(0x1302);
        });
    }

    @Test
    void keysAreReadAgain() {
        assertThat(TlsKey.parse(SHA256).secret()).isEqualTo(SHA256);
        assertThat(TlsKey.parse(SHA384).secret()).isEqualTo(SHA384);
        TlsKey made = TlsKey.generate(new SecureRandom());
        assertThat(TlsKey.parse(made.secret()).secret()).isEqualTo(made.secret());
        assertThat(made.toString() + made.psks(HOST, SUBSYSTEM))
                .doesNotContain(made.secret().substring(16));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "NVMeTLSkey-1:03:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaR:",
                "NVMeTLSkey-1:02:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaR:",
                "NVMeTLSkey-1:01:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaS:",
                "NVMeTLSkey-1:01:AAECAwQFBgcICQoLDA0ODw==:",
                "DHHC-1:01:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+KfiaR:"
            })
    void whatIsNoKeyIsRefusedWithoutRepeatingIt(String text) {
        assertThatThrownBy(() -> TlsKey.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("AAEC"));
    }
}
