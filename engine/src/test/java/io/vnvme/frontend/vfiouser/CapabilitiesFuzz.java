package io.vnvme.frontend.vfiouser;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Mutated VERSION texts: each is read or refused, quickly, with nothing else thrown. */
class CapabilitiesFuzz {
    private static final String SEED = "vnvme.seed";
    private static final long SECONDS = Long.getLong("vnvme.fuzz.seconds", 1);
    private static final String TEXT = """
            {"capabilities": {"max_msg_fds": 16, "max_data_xfer_size": 1.5e6, "write_multiple": true,
             "x": [null, false, -0.1, "\\u00e4\\n\\"", {"y": {}}]}, "z": "\u00e4\u20ac"}\0""";
    private static final String ALPHABET = "{}[]:,\"\\0123456789.eE+-truefalsn \n\u0001\u00e4";

    @Test
    void readOrRefused() {
        long seed = Long.getLong(SEED, System.nanoTime());
        System.out.println("version texts: -Dvnvme.seed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        long end = System.nanoTime() + SECONDS * 1_000_000_000L;
        int read = 0;
        do {
            byte[] text = mutated(random);
            try {
                Capabilities capabilities = Capabilities.parse(text);
                assertThat(capabilities.transferMaxBytes()).isBetween(1, 1 << 20);
                assertThat(capabilities.messageFdsMax()).isPositive();
                read++;
            } catch (RequestException e) {
                assertThat(e.errno()).isPositive();
            }
        } while (System.nanoTime() - end < 0);
        assertThat(read).isPositive();
    }

    private static byte[] mutated(SplittableRandom random) {
        StringBuilder text = new StringBuilder(TEXT);
        for (int change = random.nextInt(4); change > 0; change--) {
            int at = random.nextInt(text.length());
            char letter = ALPHABET.charAt(random.nextInt(ALPHABET.length()));
            switch (random.nextInt(4)) {
                case 0 -> text.setCharAt(at, letter);
                case 1 -> text.insert(at, letter);
                case 2 -> text.delete(at, Math.min(text.length(), at + random.nextInt(1, 20)));
                default -> text.insert(at, text.substring(at, Math.min(text.length(), at + random.nextInt(40))));
            }
            if (text.isEmpty()) {
                break;
            }
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        if (bytes.length > 0 && random.nextInt(8) == 0) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        return bytes;
    }
}
