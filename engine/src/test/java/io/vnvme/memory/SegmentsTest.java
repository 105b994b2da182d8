package io.vnvme.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SegmentsTest {
    private static final int BYTES = 10_000;

    @Test
    void copiesAndComparesAnyPart() {
        long seed = Long.getLong("vnvme.seed", System.nanoTime());
        Random random = new Random(seed);
        MemorySegment guest = Arena.ofAuto().allocate(2 * BYTES);
        Segments segments = scattered(guest, random);
        byte[] pattern = new byte[BYTES];
        random.nextBytes(pattern);
        MemorySegment source = MemorySegment.ofArray(pattern);
        segments.copyFrom(0, source, 0, BYTES);
        MemorySegment target = Arena.ofAuto().allocate(BYTES);
        for (int i = 0; i < 1000; i++) {
            int from = random.nextInt(BYTES);
            int length = 1 + random.nextInt(BYTES - from);
            segments.copyTo(from, target, 0, length);
            assertThat(MemorySegment.mismatch(source, from, from + length, target, 0, length))
                    .as("seed %d", seed)
                    .isEqualTo(-1);
            assertThat(segments.matches(from, target, 0, length)).isTrue();
            int wrong = random.nextInt(length);
            target.set(ValueLayout.JAVA_BYTE, wrong, (byte) ~target.get(ValueLayout.JAVA_BYTE, wrong));
            assertThat(segments.matches(from, target, 0, length)).isFalse();
        }
    }

    @Test
    void holdsMappedRegionsOnly() {
        Region mapped = new Region(0, 4096, Arena.ofAuto().allocate(4096), true, true);
        Region far = new Region(4096, 4096, null, true, true);
        Segments segments = new Segments();
        segments.add(mapped, 0, 512);
        segments.add(far, 4096, 512);
        segments.holdRegions();
        assertThat(mapped.inFlight()).isEqualTo(1);
        assertThat(far.inFlight()).isZero();
        assertThat(segments.remote()).isTrue();
        segments.releaseRegions();
        assertThat(mapped.inFlight()).isZero();
    }

    /** Pieces of random sizes with gaps between them, in random order. */
    private static Segments scattered(MemorySegment guest, Random random) {
        Segments segments = new Segments();
        long left = BYTES;
        long at = 0;
        while (left > 0) {
            long piece = Math.min(left, 1 + random.nextInt(700));
            segments.add(guest, at, piece);
            at += piece + (random.nextBoolean() ? 1 + random.nextInt(100) : 0);
            left -= piece;
        }
        return segments;
    }
}
