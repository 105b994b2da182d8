package io.vnvme.testkit.qos;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.qos.Limits;
import io.vnvme.qos.Scheduler;
import io.vnvme.qos.Share;
import io.vnvme.qos.SharedLimits;
import io.vnvme.testkit.seed.FuzzLoop;
import io.vnvme.testkit.seed.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * A group with members on several reactors, which look at their own times and now and then stall: over each second its limits
 * are neither exceeded by more than 2 % and a request for each reactor, nor left unused while members wait, and members get
 * what their weights say wherever they are.
 */
final class SharedLimitsFuzz {
    private static final long SECOND_NS = 1_000_000_000;
    /** What a reactor may come later than another one, less than what is saved up for it. */
    private static final long STALL_NS = 4_000_000;

    private final List<Side> sides = new ArrayList<>();
    /** Seconds in which everybody waited all the time. */
    private long held;

    /** One reactor. */
    private static final class Side {
        private final Scheduler scheduler;
        private final List<Client> clients = new ArrayList<>();
        private final SplittableRandom random;
        private final long paceNs;
        private long nextNs;

        Side(int index, long nowNs, SplittableRandom random) {
            scheduler = new Scheduler(index);
            this.random = random;
            this.nextNs = nowNs;
            paceNs = random.nextLong(1_000, 100_000);
        }

        void pass() {
            scheduler.poll(nextNs);
            clients.forEach(Client::ask);
            nextNs += random.nextInt(200) == 0 ? random.nextLong(STALL_NS) : random.nextLong(1, paceNs);
        }
    }

    @Test
    void groupsHoldTheirLimitsOverReactors() {
        FuzzLoop.run("shared limits", this::round);
        assertThat(Seed.fixed() || held > 0).isTrue();
    }

    private void round(SplittableRandom random) {
        sides.clear();
        long now = random.nextLong(1L << 40);
        int reactors = random.nextInt(2, 5);
        boolean bytes = random.nextBoolean();
        int bytesMax = 512 << random.nextInt(8);
        // Mostly so slow that all wait all the time.
        long requests = random.nextLong(100, random.nextInt(3) == 0 ? 200_000 : 2_000);
        long rate = bytes ? requests * bytesMax : requests;
        SharedLimits limits = new SharedLimits(
                bytes ? new Limits(0, 0, 0, 0, 0, rate, 0) : new Limits(0, 0, rate, 0, 0, 0, 0), reactors);
        for (int i = 0; i < reactors; i++) {
            Side side = new Side(i, now, random.split());
            sides.add(side);
            side.scheduler.poll(now);
            var group = side.scheduler.group(limits);
            for (int members = random.nextInt(1, 4); members > 0; members--) {
                side.clients.add(new Client(
                        side.scheduler.share(),
                        Limits.NONE,
                        random.nextInt(1, 9) * 50,
                        group,
                        random.nextInt(16, 65),
                        random.nextInt(101),
                        bytesMax,
                        random.split()));
            }
        }
        for (int second = 0; second < 3; second++) {
            clients().forEach(Client::clear);
            now += SECOND_NS;
            until(now);
            long used = clients().stream()
                    .mapToLong(c -> Arrays.stream(bytes ? c.tally.bytes : c.tally.commands)
                            .sum())
                    .sum();
            long unit = bytes ? bytesMax : 1;
            assertThat(used)
                    .as("a limit of %d over %d reactors, in units of up to %d", rate, reactors, unit)
                    .isLessThanOrEqualTo(rate + rate / 50 + reactors * unit);
            // One who is let through all that he has may not be able to ask for as much as there is.
            if (clients().stream().allMatch(Client::alwaysSaturated)) {
                held++;
                assertThat(used)
                        .as("a limit of %d over %d reactors, in units of up to %d", rate, reactors, unit)
                        .isGreaterThanOrEqualTo(rate - rate / 50 - reactors * unit);
            }
            clients().forEach(c -> assertThat(c.known()).isEqualTo(c.depth()));
        }
    }

    private void until(long now) {
        while (true) {
            Side next = sides.getFirst();
            for (Side side : sides) {
                next = side.nextNs < next.nextNs ? side : next;
            }
            if (next.nextNs >= now) {
                return;
            }
            next.pass();
        }
    }

    private List<Client> clients() {
        return sides.stream().flatMap(side -> side.clients.stream()).toList();
    }

    @Test
    void membersGetWhatTheirWeightsSayWhereverTheyAre() {
        // So slow that nobody, after the longest stall, is let through all that he has.
        SplittableRandom random = new SplittableRandom(8);
        SharedLimits limits = new SharedLimits(new Limits(0, 0, 6_000, 0, 0, 0, 0), 2);
        int[][] weights = {{100, 300}, {200}};
        for (int i = 0; i < weights.length; i++) {
            Side side = new Side(i, 0, random.split());
            sides.add(side);
            side.scheduler.poll(0);
            var group = side.scheduler.group(limits);
            for (int weight : weights[i]) {
                side.clients.add(
                        new Client(side.scheduler.share(), Limits.NONE, weight, group, 64, 50, 4096, random.split()));
            }
        }
        for (long second = 1; second <= 5; second++) {
            clients().forEach(Client::clear);
            until(second * SECOND_NS);
            for (Client client : clients()) {
                assertThat(got(client, false))
                        .as("of weight %d, in second %d", client.weight, second)
                        .isBetween(client.weight * 95L / 10, client.weight * 105L / 10);
            }
        }
    }

    private static long got(Client client, boolean bytes) {
        return Arrays.stream(bytes ? client.tally.bytes : client.tally.commands).sum();
    }

    @Test
    void anIdleReactorHoldsNothingBack() {
        Share share = lonely(0, 50_000);
        long served = 0;
        for (int second = 0; second < 3; second++) {
            served += second(share);
        }
        assertThat(served).isBetween(3 * 50_000L * 98 / 100, 3 * 50_000L * 102 / 100);
    }

    private Share lonely(int reactor, long rate) {
        sides.clear();
        SharedLimits limits = new SharedLimits(new Limits(0, 0, rate, 0, 0, 0, 0), 2);
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 2; i++) {
            sides.add(new Side(i, 0, random.split()));
        }
        Side side = sides.get(reactor);
        side.scheduler.poll(0);
        sides.get(1 - reactor).scheduler.group(limits);
        side.clients.add(new Client(
                side.scheduler.share(), Limits.NONE, 100, side.scheduler.group(limits), 32, 50, 4096, random));
        return side.clients.getFirst().share;
    }

    private long second(Share share) {
        assertThat(share.free()).isFalse();
        clients().forEach(Client::clear);
        until(sides.getFirst().nextNs / SECOND_NS * SECOND_NS + SECOND_NS);
        return clients().stream().mapToLong(c -> got(c, false)).sum();
    }

    @Test
    void aMemberGoesToAnotherReactorWithWhatWaits() {
        Share share = lonely(0, 1000);
        second(share);
        Client client = sides.getFirst().clients.getFirst();
        assertThat(client.saturated()).isTrue();
        SharedLimits limits = new SharedLimits(new Limits(0, 0, 5000, 0, 0, 0, 0), 2);
        share.leave();
        sides.getFirst().clients.clear();
        Side other = sides.get(1);
        other.nextNs = Math.max(other.nextNs, sides.getFirst().nextNs);
        share.enter(other.scheduler, other.scheduler.group(limits));
        other.clients.add(client);
        client.clear();
        long from = other.nextNs;
        while (other.nextNs < from + SECOND_NS) {
            other.pass();
        }
        assertThat(got(client, false)).isBetween(4900L, 5110L);
        assertThat(client.known()).isEqualTo(client.depth());
    }
}
