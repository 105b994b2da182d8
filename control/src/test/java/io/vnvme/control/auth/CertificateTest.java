package io.vnvme.control.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.auth.Certificate.CertificateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateTest {
    @TempDir
    Path folder;

    @Test
    void isMadeOnceAndItsKeyIsTheDaemonsAlone() throws IOException, GeneralSecurityException {
        Certificate made = Certificate.in(folder, List.of("store1.example", "192.0.2.7", "2001:db8::7"));
        assertThat(made.fingerprint()).matches("([0-9A-F]{2}:){31}[0-9A-F]{2}");
        assertThat(Certificate.in(folder, List.of("other")).fingerprint()).isEqualTo(made.fingerprint());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("tls.key"))))
                .isEqualTo("rw-------");
        made.chain().getFirst().verify(made.chain().getFirst().getPublicKey());
        made.chain().getFirst().checkValidity();
        assertThat(made.chain().getFirst().getSubjectAlternativeNames())
                .extracting(name -> String.valueOf(name.get(1)))
                .contains("store1.example", "192.0.2.7", "localhost", "127.0.0.1");
        assertThat(Certificate.in(folder.resolve("."), List.of()).chain()).hasSize(1);
    }

    @Test
    void whatIsNoneIsRefusedAndLeftAlone() throws IOException {
        Certificate.in(folder, List.of());
        Path key = folder.resolve("tls.key");
        for (String content : new String[] {
            "", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "-----END PRIVATE KEY-----"
        }) {
            Files.writeString(key, content);
            assertThatThrownBy(() -> Certificate.in(folder, List.of()))
                    .isInstanceOf(CertificateException.class)
                    .hasMessageContaining("tls.key");
            assertThat(Files.readString(key)).isEqualTo(content);
        }
        Files.delete(folder.resolve("tls.crt"));
        assertThatThrownBy(() -> Certificate.in(folder, List.of())).isInstanceOf(CertificateException.class);
    }

    @Test
    void fingerprintsAreComparedAsPeopleWriteThem() {
        assertThat(Certificate.plain("ab:CD:0f ")).isEqualTo("ABCD0F");
    }
}
