package io.vnvme.testkit.qos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.data.Percentage.withPercentage;

import io.vnvme.qos.Group;
import io.vnvme.qos.Limits;
import io.vnvme.qos.Scheduler;
import io.vnvme.qos.Share;
import io.vnvme.qos.WaitCause;
import io.vnvme.reactor.Poller;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Limits, groups and weights in figures that an administrator would check. */
final class ShareTest {
    private static final long SECOND_NS = 1_000_000_000;

    private final Scheduler scheduler = new Scheduler();
    private final SplittableRandom random = new SplittableRandom(1);
    private long now = 5_000_000_000L;

    ShareTest() {
        scheduler.poll(now);
    }

    private Client client(Limits limits, int weight, @Nullable Group group, int readPercent, int bytes) {
        return new Client(scheduler.share(), limits, weight, group, 64, readPercent, bytes, random.split());
    }

    private static Limits iops(long rate) {
        return new Limits(0, 0, rate, 0, 0, 0, 0);
    }

    /** A second in which everybody wants all he can get. */
    private void second(Client... clients) {
        for (Client client : clients) {
            client.tally.clear();
        }
        long end = now + SECOND_NS;
        while (now < end) {
            now += random.nextLong(500, 100_000);
            scheduler.poll(now);
            for (Client client : clients) {
                client.ask();
            }
        }
    }

    private static long commands(Client client) {
        return client.tally.commands[0] + client.tally.commands[1];
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 10, 99, 777, 999, 1001, 50_000, 333_333})
    void anyNumberIsALimit(long rate) {
        Client client = client(iops(rate), 100, null, 50, 4096);
        for (int i = 0; i < 5; i++) {
            second(client);
            assertThat(commands(client)).isBetween(rate - rate / 50 - 1, rate + rate / 50 + 1);
        }
    }

    @Test
    void aLimitOfWritesDoesNotHoldReads() {
        Client client = client(new Limits(0, 10, 0, 0, 0, 0, 0), 100, null, 50, 4096);
        second(client);
        // Half of what is asked are writes: in the end all places are taken by writes that wait, as in a guest's queue.
        assertThat(client.tally.commands[1]).isBetween(9L, 11L);
        Client reads = client(new Limits(0, 10, 0, 0, 0, 0, 0), 100, null, 100, 4096);
        second(reads);
        assertThat(reads.tally.commands[0]).isGreaterThan(100_000);
    }

    @Test
    void aBurstIsCreditForSeconds() {
        Client client = client(new Limits(0, 0, 1000, 0, 0, 0, 5), 100, null, 100, 4096);
        client.ask();
        now += 3 * SECOND_NS;
        second(client);
        assertThat(commands(client)).as("3 seconds saved up, and this one's").isBetween(3_900L, 4_100L);
        second(client);
        assertThat(commands(client)).isBetween(980L, 1_020L);
        now += 60 * SECOND_NS;
        second(client);
        assertThat(commands(client)).as("no more than 5 seconds are saved up").isBetween(5_900L, 6_100L);
    }

    @Test
    void aGroupIsDividedByWeight() {
        Group group = scheduler.group(iops(12_000));
        Client light = client(Limits.NONE, 100, group, 100, 4096);
        Client heavy = client(Limits.NONE, 300, group, 100, 4096);
        second(light, heavy);
        second(light, heavy);
        assertThat(commands(light)).isCloseTo(3_000, withPercentage(2));
        assertThat(commands(heavy)).isCloseTo(9_000, withPercentage(2));
    }

    @Test
    void whatAMemberDoesNotTakeTheOthersGet() {
        Group group = scheduler.group(iops(12_000));
        Client limited = client(iops(1_000), 900, group, 100, 4096);
        Client other = client(Limits.NONE, 100, group, 100, 4096);
        second(limited, other);
        second(limited, other);
        assertThat(commands(limited)).isCloseTo(1_000, withPercentage(2));
        assertThat(commands(other)).isCloseTo(11_000, withPercentage(2));
    }

    @Test
    void aGroupOfBytesIsDividedInBytes() {
        Group group = scheduler.group(new Limits(0, 0, 0, 0, 0, 100 << 20, 0));
        Client small = client(Limits.NONE, 100, group, 100, 512);
        Client large = client(Limits.NONE, 100, group, 0, 1 << 20);
        second(small, large);
        for (int i = 0; i < 3; i++) {
            second(small, large);
        }
        long sum = small.tally.bytes[0] + large.tally.bytes[1];
        assertThat(sum).isBetween(98L << 20, 102L << 20);
        assertThat(large.tally.bytes[1]).isCloseTo(50 << 20, withPercentage(4));
    }

    @Test
    void whatOneWaitsForIsTold() {
        Client own = client(iops(1_000), 100, null, 100, 4096);
        second(own);
        assertThat(own.share.limited().ns(WaitCause.OWN_LIMIT)).isCloseTo(SECOND_NS, withPercentage(5));
        assertThat(own.share.limited().commands(WaitCause.OWN_LIMIT)).isPositive();
        assertThat(own.share.limited().ns(WaitCause.GROUP_LIMIT)).isZero();
        own.share.set(Limits.NONE, 100, null);
        scheduler.poll(now += 1_000);
        long until = own.share.limited().ns(WaitCause.OWN_LIMIT);
        second(own);
        assertThat(own.share.limited().ns(WaitCause.OWN_LIMIT))
                .as("nothing waits any more")
                .isEqualTo(until);
        Client member = client(Limits.NONE, 100, scheduler.group(iops(1_000)), 100, 4096);
        second(member);
        assertThat(member.share.limited().ns(WaitCause.GROUP_LIMIT)).isCloseTo(SECOND_NS, withPercentage(5));
        assertThat(member.share.limited().ns(WaitCause.OWN_LIMIT)).isZero();
    }

    @Test
    void limitsChangeWhileCommandsWait() {
        Client client = client(iops(1), 100, null, 50, 4096);
        second(client);
        assertThat(client.saturated()).isTrue();
        client.share.set(iops(5_000), 100, null);
        second(client);
        assertThat(commands(client)).isBetween(4_900L, 5_100L);
        client.share.set(Limits.NONE, 100, null);
        scheduler.poll(now += 1_000);
        assertThat(client.saturated()).isFalse();
        assertThat(client.share.free()).isTrue();
    }

    @Test
    void aGroupChangesWhileItsMembersWait() {
        Group group = scheduler.group(iops(1));
        Client one = client(Limits.NONE, 100, group, 50, 4096);
        Client two = client(Limits.NONE, 100, group, 50, 4096);
        second(one, two);
        assertThat(one.saturated() && two.saturated()).isTrue();
        group.limits(iops(2_000));
        second(one, two);
        assertThat(commands(one) + commands(two)).isBetween(1_960L, 2_040L);
        two.share.set(Limits.NONE, 100, null);
        scheduler.poll(now += 1_000);
        assertThat(two.saturated()).isFalse();
        group.limits(Limits.NONE);
        scheduler.poll(now += 1_000);
        assertThat(one.share.free()).isTrue();
    }

    @Test
    void changingALimitOverAndOverGivesNothing() {
        Client client = client(iops(100), 100, null, 100, 4096);
        long sum = 0;
        for (int i = 0; i < 50; i++) {
            client.share.set(iops(100 + i % 2), 100, null);
            second(client);
            sum += commands(client);
        }
        assertThat(sum).isLessThan(50 * 102);
    }

    @Test
    void theReactorMaySleepUntilCreditComes() {
        assertThat(scheduler.prepareSleep(now)).as("nobody waits").isEqualTo(Poller.UNLIMITED);
        Client client = client(iops(1), 100, null, 100, 4096);
        client.ask();
        scheduler.poll(now += 1_000);
        assertThat(scheduler.prepareSleep(now)).as("a second away").isBetween(1L, 1_000_000_000L);
        scheduler.poll(now += 999_950_000);
        assertThat(scheduler.prepareSleep(now)).as("a moment away").isZero();
    }

    @Test
    void numbersOutOfRangeAreRefused() {
        for (Runnable wrong : List.<Runnable>of(
                () -> iops(-1),
                () -> iops(Limits.RATE_MAX + 1),
                () -> new Limits(0, 0, 0, 0, 0, 0, -1),
                () -> new Limits(0, 0, 0, 0, 0, 0, Limits.BURST_SECONDS_MAX + 1),
                () -> scheduler.share().set(Limits.NONE, 0, null),
                () -> scheduler.share().set(Limits.NONE, Share.WEIGHT_MAX + 1, null))) {
            assertThat(catchThrowable(wrong::run)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
