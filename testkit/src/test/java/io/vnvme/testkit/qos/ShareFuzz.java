package io.vnvme.testkit.qos;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.qos.Group;
import io.vnvme.qos.Limits;
import io.vnvme.qos.Scheduler;
import io.vnvme.qos.Share;
import io.vnvme.testkit.seed.FuzzLoop;
import io.vnvme.testkit.seed.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Random limits, groups, weights and loads: over each second no limit is exceeded by more than 2 % and one request, nobody
 * waits without a limit that is used up, and no command is lost.
 */
final class ShareFuzz {
    private static final int BYTES_MAX = 1 << 20;
    private static final long SECOND_NS = 1_000_000_000;

    /** Clients of which it was seen that they waited a whole second for good reason. */
    private long held;

    @Test
    void limitsHold() {
        FuzzLoop.run("shares", this::round);
        assertThat(Seed.fixed() || held > 0).isTrue();
    }

    private void round(SplittableRandom random) {
        Scheduler scheduler = new Scheduler();
        long now = random.nextLong(1L << 40);
        scheduler.poll(now);
        List<Group> groups = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            groups.add(scheduler.group(limits(random)));
        }
        List<Client> clients = new ArrayList<>();
        for (int i = random.nextInt(1, 6); i > 0; i--) {
            Group group = groups.isEmpty() || random.nextInt(3) == 0 ? null : groups.get(random.nextInt(groups.size()));
            clients.add(new Client(
                    scheduler.share(),
                    random.nextInt(4) == 0 ? Limits.NONE : limits(random),
                    random.nextInt(1, Share.WEIGHT_MAX + 1),
                    group,
                    random.nextInt(1, 65),
                    random.nextInt(101),
                    512 << random.nextInt(12),
                    random.split()));
        }
        // What bursts allow is spent in the first seconds; a client without limits is not asked for more than it can
        // count.
        int seconds = 4;
        for (int second = 0; second < seconds; second++) {
            clients.forEach(Client::clear);
            long end = now + SECOND_NS;
            while (now < end) {
                now = Math.min(end, now + random.nextLong(1_000, 2_000_000));
                scheduler.poll(now);
                clients.forEach(Client::ask);
            }
            for (Client client : clients) {
                assertThat(client.known()).as("commands of a client").isEqualTo(client.depth());
                withinLimits(client.limits, client.tally, second);
            }
            for (Group group : groups) {
                withinLimits(group.limits(), together(clients, group), second);
            }
            clients.forEach(client -> notHeldForNothing(client, clients));
        }
    }

    private static Limits limits(SplittableRandom random) {
        return new Limits(
                rate(random, 17),
                rate(random, 17),
                rate(random, 17),
                rate(random, 31),
                rate(random, 31),
                rate(random, 31),
                random.nextInt(3) == 0 ? random.nextInt(1, 3) : 0);
    }

    private static long rate(SplittableRandom random, int bitsMax) {
        return random.nextInt(3) > 0 ? 0 : random.nextLong(1, (1L << random.nextInt(1, bitsMax)) + 1);
    }

    private static Client.Tally together(List<Client> clients, Group group) {
        Client.Tally sum = new Client.Tally();
        for (Client client : clients) {
            if (client.group == group) {
                for (int kind = 0; kind < 2; kind++) {
                    sum.commands[kind] += client.tally.commands[kind];
                    sum.bytes[kind] += client.tally.bytes[kind];
                }
            }
        }
        return sum;
    }

    private static void withinLimits(Limits limits, Client.Tally tally, int second) {
        int burst = limits.burstSeconds();
        within("reads", tally.commands[0], limits.readIops(), 1, burst, second);
        within("writes", tally.commands[1], limits.writeIops(), 1, burst, second);
        within("commands", tally.commands[0] + tally.commands[1], limits.iops(), 1, burst, second);
        within("bytes read", tally.bytes[0], limits.readBytes(), BYTES_MAX, burst, second);
        within("bytes written", tally.bytes[1], limits.writeBytes(), BYTES_MAX, burst, second);
        within("bytes", tally.bytes[0] + tally.bytes[1], limits.bytes(), BYTES_MAX, burst, second);
    }

    private static void within(String what, long served, long rate, long unitMax, int burst, int second) {
        if (rate > 0) {
            // Nobody saved anything up before the first second; later at most what a burst allows.
            long saved = Math.min(burst, second) * rate;
            assertThat(served)
                    .as("%s in second %d at a limit of %d, burst %d", what, second, rate, burst)
                    .isLessThanOrEqualTo(rate + rate / 50 + unitMax + saved);
        }
    }

    /**
     * At each moment of the second a limit of the one who waits, or of its group, was being used up: so all of them together
     * were used for as long as the second was.
     */
    private void notHeldForNothing(Client client, List<Client> clients) {
        if (!client.alwaysSaturated()) {
            return;
        }
        held++;
        double used = used(client.limits, client.tally);
        if (client.group != null) {
            used += used(client.group.limits(), together(clients, client.group));
        }
        assertThat(used)
                .as("%s waits with %s read, %s written", client.limits, client.tally.bytes[0], client.tally.bytes[1])
                .isGreaterThan(0.98);
    }

    /** Seconds that it takes, at these limits, to do what was done, and one request more. */
    private static double used(Limits limits, Client.Tally tally) {
        return used(tally.commands[0] + 1, limits.readIops())
                + used(tally.commands[1] + 1, limits.writeIops())
                + used(tally.commands[0] + tally.commands[1] + 1, limits.iops())
                + used(tally.bytes[0] + BYTES_MAX, limits.readBytes())
                + used(tally.bytes[1] + BYTES_MAX, limits.writeBytes())
                + used(tally.bytes[0] + tally.bytes[1] + BYTES_MAX, limits.bytes());
    }

    private static double used(long served, long rate) {
        return rate == 0 ? 0 : (double) served / rate;
    }
}
