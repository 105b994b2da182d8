package io.vnvme.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class NativeAccessTest {
    /** Started without permission to call native code. */
    static final class Probe {
        private Probe() {}

        public static void main(String[] args) {
            try {
                NativeAccess.require();
                System.out.println("fine");
            } catch (UnsupportedOperationException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    @Test
    void isThere() {
        NativeAccess.require();
    }

    @Test
    void whenItIsOff() throws IOException, InterruptedException {
        assertThat(said("--illegal-native-access=deny"))
                .isEqualTo("native access is off: start java with --enable-native-access=ALL-UNNAMED");
        assertThat(said("--enable-native-access=ALL-UNNAMED")).isEqualTo("fine");
    }

    private static String said(String option) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        option,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Probe.class.getName())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        process.waitFor();
        return said;
    }
}
