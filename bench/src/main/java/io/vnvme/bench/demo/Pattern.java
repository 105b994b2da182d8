package io.vnvme.bench.demo;

import io.vnvme.testkit.lab.Vm;
import java.time.Duration;
import java.util.List;

/** Random data spread over a drive: written in one guest, read back in another, compared by SHA-256. */
final class Pattern {
    static final long BYTES = 32L << 20;

    private static final int PIECES = 4;
    private static final int PIECE_MIB = 8;
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private final List<Long> placesMib;

    /** @param driveBytes size of the drive: pieces lie at its beginning, at its end, and evenly between */
    Pattern(long driveBytes) {
        long lastMib = (driveBytes >> 20) - PIECE_MIB;
        placesMib = java.util.stream.LongStream.range(0, PIECES)
                .mapToObj(piece -> lastMib * piece / (PIECES - 1))
                .toList();
    }

    /** Where its pieces lie, in MiB from the beginning of the drive. */
    List<Long> placesMib() {
        return placesMib;
    }

    /** Writes new random data past the guest's cache and returns its SHA-256. */
    String write(Vm vm, String device) {
        StringBuilder script = new StringBuilder("set -e\n");
        script.append("dd if=/dev/urandom of=/tmp/pattern bs=1M count=" + PIECES * PIECE_MIB + " 2>/dev/null\n");
        for (int piece = 0; piece < PIECES; piece++) {
            script.append("dd if=/tmp/pattern of=" + device + " bs=1M count=" + PIECE_MIB + " skip=" + piece * PIECE_MIB
                    + " seek=" + placesMib.get(piece) + " oflag=direct conv=notrunc 2>/dev/null\n");
        }
        script.append("sync\nsha256sum </tmp/pattern\nrm /tmp/pattern\n");
        return digest(vm.sh(script.toString(), LIMIT));
    }

    /** Reads it past the guest's cache and returns its SHA-256. */
    String read(Vm vm, String device) {
        StringBuilder script = new StringBuilder("(");
        for (long place : placesMib) {
            script.append("dd if=" + device + " bs=1M count=" + PIECE_MIB + " skip=" + place
                    + " iflag=direct 2>/dev/null || exit 1\n");
        }
        script.append(") | sha256sum\n");
        return digest(vm.sh(script.toString(), LIMIT));
    }

    private static String digest(String output) {
        String digest = output.strip().split(" ", 2)[0];
        if (!digest.matches("[0-9a-f]{64}")) {
            throw new DemoException(
                    "the guest gave no checksum: " + output.strip().replace("\n", " / "));
        }
        return digest;
    }
}
