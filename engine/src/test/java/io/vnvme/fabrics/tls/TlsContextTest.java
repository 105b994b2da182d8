package io.vnvme.fabrics.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.crypto.CryptoException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TlsContextTest {
    /** In a process of its own: it may not load libraries, which is as good as there being none. */
    static final class WithoutLibraries {
        private WithoutLibraries() {}

        public static void main(String[] arguments) {
            for (int i = 0; i < 2; i++) {
                try {
                    TlsContext.server(_ -> Optional.empty()).close();
                } catch (CryptoException e) {
                    System.out.println("refused");
                }
            }
        }
    }

    @Test
    void aHostWithoutOpenSslIsToldSoEachTime() throws Exception {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--illegal-native-access=deny",
                        "-cp",
                        classPath,
                        WithoutLibraries.class.getName())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said.lines()).containsExactly("refused", "refused");
    }
}
