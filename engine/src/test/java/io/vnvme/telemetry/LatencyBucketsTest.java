package io.vnvme.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LatencyBucketsTest {
    @Test
    void bucketsFollowOneAnotherWithoutGapOrOverlap() {
        for (int bucket = 0; bucket < LatencyBuckets.COUNT - 1; bucket++) {
            long highest = LatencyBuckets.highestNs(bucket);
            assertThat(LatencyBuckets.of(highest)).as("%d ns", highest).isEqualTo(bucket);
            assertThat(LatencyBuckets.of(highest + 1)).as("%d ns", highest + 1).isEqualTo(bucket + 1);
        }
    }

    @Test
    void noBucketIsWiderThanASixteenthOfItsLowerEnd() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 100_000; i++) {
            long ns = random.nextLong(16, 100_000_000_000L) >>> random.nextInt(30);
            assertThat(LatencyBuckets.highestNs(LatencyBuckets.of(ns))).isBetween(ns, Math.max(ns, ns + ns / 16));
        }
    }

    @Test
    void whatIsBeyondAllSharesTheLast() {
        assertThat(LatencyBuckets.of(-5)).isZero();
        assertThat(LatencyBuckets.of(Long.MAX_VALUE)).isEqualTo(LatencyBuckets.COUNT - 1);
    }
}
