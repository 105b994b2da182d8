package io.vnvme.qos;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Credit against exact numbers: nothing is lost or made, whatever the rate and the times of the looks. */
final class BucketTest {
    private static final BigInteger SECOND = BigInteger.valueOf(1_000_000_000);

    private static long randomRate(SplittableRandom random) {
        long bound = 1L << random.nextInt(1, 40);
        return Math.min(Limits.RATE_MAX, random.nextLong(1, bound + 1));
    }

    @Test
    void whatIsServedIsTheRateExactly() {
        SplittableRandom random = new SplittableRandom(1);
        for (int round = 0; round < 2000; round++) {
            long rate = round == 0 ? Limits.RATE_MAX : randomRate(random);
            long now = random.nextLong(-1_000_000_000_000L, 1_000_000_000_000L);
            long begin = now;
            Bucket bucket = new Bucket(rate, 0);
            bucket.refill(now);
            long request = Math.max(1, rate / random.nextInt(1, 2000));
            BigInteger taken = BigInteger.ZERO;
            for (int look = 0; look < 500; look++) {
                // Looks that come within the slack lose nothing.
                now += random.nextLong(1, 9_000_000);
                bucket.refill(now);
                while (bucket.open()) {
                    bucket.take(request);
                    taken = taken.add(BigInteger.valueOf(request));
                }
            }
            BigInteger come = BigInteger.valueOf(rate)
                    .multiply(BigInteger.valueOf(now - begin))
                    .divide(SECOND);
            assertThat(taken.subtract(come).longValueExact())
                    .as("rate %d, requests of %d: taken beyond what has come", rate, request)
                    .isBetween(1L, request);
        }
    }

    @Test
    void itOpensExactlyWhenItSays() {
        SplittableRandom random = new SplittableRandom(2);
        for (int round = 0; round < 20_000; round++) {
            long rate = randomRate(random);
            Bucket bucket = new Bucket(rate, 0);
            bucket.refill(0);
            long now = random.nextLong(1, 1_000_000);
            bucket.refill(now);
            bucket.take(random.nextLong(1, Math.clamp(rate, 2, 1L << 30)) + 1);
            long wait = bucket.waitNs();
            if (wait > 1) {
                bucket.refill(now + wait - 1);
                assertThat(bucket.open()).as("rate %d, 1 ns early", rate).isFalse();
            }
            bucket.refill(now + wait);
            assertThat(bucket.open()).as("rate %d, on time", rate).isTrue();
        }
    }

    @Test
    void aBurstIsSavedUpAndNoMore() {
        Bucket bucket = new Bucket(777, 10);
        bucket.refill(0);
        bucket.refill(3_000_000_000L);
        assertThat(takeAll(bucket)).isEqualTo(3 * 777 + 1);
        bucket.refill(1_000_000_000_000L);
        assertThat(takeAll(bucket))
                .as("10 seconds' worth, and the one that makes the debt")
                .isEqualTo(10 * 777 + 1);
    }

    @Test
    void withoutABurstAHundredthOfASecondIsSaved() {
        Bucket bucket = new Bucket(50_000, 0);
        bucket.refill(0);
        bucket.refill(60_000_000_000L);
        assertThat(takeAll(bucket)).isEqualTo(500 + 1);
    }

    @Test
    void largestNumbersDoNotOverflow() {
        Bucket bucket = new Bucket(Limits.RATE_MAX, Limits.BURST_SECONDS_MAX);
        bucket.refill(Long.MIN_VALUE / 2);
        bucket.refill(Long.MAX_VALUE / 2);
        assertThat(bucket.open()).isTrue();
        bucket.take(Limits.RATE_MAX * Limits.BURST_SECONDS_MAX);
        assertThat(bucket.open()).isTrue();
        bucket.take(1);
        assertThat(bucket.open()).isFalse();
        Bucket slow = new Bucket(1, 0);
        slow.refill(0);
        slow.take(1L << 50);
        assertThat(slow.waitNs()).isPositive();
        slow.refill(slow.waitNs());
        assertThat(slow.open()).as("it is looked at again, and waits on").isFalse();
    }

    private static long takeAll(Bucket bucket) {
        long taken = 0;
        while (bucket.open()) {
            bucket.take(1);
            taken++;
        }
        return taken;
    }
}
