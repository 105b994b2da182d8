package io.vnvme.testkit.qos;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.qos.Group;
import io.vnvme.qos.Limits;
import io.vnvme.qos.Share;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.DataPointer;
import io.vnvme.testkit.driver.EnableOptions;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.seed.FuzzLoop;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Guests under limits that change, with aborts, resets, deleted queues and namespaces that come and go: each command
 * completes once, and without an error that nobody asked for.
 */
final class QosFuzz {
    private static final int ACTIONS = 400;
    private static final int LARGE = 256 << 10;

    @Test
    void nothingIsLost() {
        FuzzLoop.run("qos", random -> {
            try (Guests guests = random.nextBoolean() ? Guests.onRam(3) : Guests.onSlowDrive(3, 30_000)) {
                new World(guests, random).run();
            }
        });
    }

    private static final class World {
        private final Guests guests;
        private final SplittableRandom random;
        private final List<Group> groups = new ArrayList<>();
        private final List<State> states = new ArrayList<>();

        World(Guests guests, SplittableRandom random) {
            this.guests = guests;
            this.random = random;
            for (int i = 0; i < 2; i++) {
                groups.add(guests.scheduler.group(limits()));
            }
            for (Guests.One one : guests.all) {
                states.add(new State(one, one.device().ram().allocate(LARGE)));
            }
        }

        /** What a guest has in flight. */
        private static final class State {
            final Guests.One one;
            final Buffer data;
            final DataPointer large;
            final DataPointer small;
            final Set<Integer> inFlight = new HashSet<>();
            QueuePair pair;
            boolean attached = true;
            /** The namespace was away, or somebody aborted, while these were in flight. */
            final Set<Integer> mayFail = new HashSet<>();

            State(Guests.One one, Buffer data) {
                this.one = one;
                this.data = data;
                this.large = Prp.of(data, 0, LARGE, 4096, 0);
                this.small = Prp.of(data, 0, 4096, 4096, 0);
                this.pair = one.pair();
            }
        }

        void run() {
            for (int i = 0; i < ACTIONS; i++) {
                act(states.get(random.nextInt(states.size())));
                guests.steps(random.nextInt(30));
                states.forEach(this::take);
            }
            // Without limits all that is left comes at once.
            groups.forEach(group -> group.limits(Limits.NONE));
            states.forEach(state -> state.one.share().set(Limits.NONE, Share.WEIGHT_DEFAULT, null));
            for (int step = 0; step < 100_000 && states.stream().anyMatch(s -> !s.inFlight.isEmpty()); step++) {
                guests.host.step();
                states.forEach(this::take);
            }
            for (State state : states) {
                assertThat(state.inFlight).as("commands that never completed").isEmpty();
                assertThat(state.one.device().controller().failure()).isNull();
                state.large.close();
                state.data.close();
            }
        }

        private void act(State state) {
            switch (random.nextInt(16)) {
                case 0 -> {
                    Group group = random.nextBoolean() ? null : groups.get(random.nextInt(groups.size()));
                    int weight = random.nextInt(1, Share.WEIGHT_MAX + 1);
                    state.one.share().set(random.nextBoolean() ? Limits.NONE : limits(), weight, group);
                }
                case 1 ->
                    groups.get(random.nextInt(groups.size())).limits(random.nextBoolean() ? Limits.NONE : limits());
                case 2 -> abort(state);
                case 3 -> {
                    if (random.nextInt(8) == 0) {
                        reset(state);
                    }
                }
                case 4 -> {
                    if (random.nextInt(8) == 0) {
                        deleteQueue(state);
                    }
                }
                case 5 -> {
                    if (random.nextInt(4) == 0) {
                        toggle(state);
                    }
                }
                case 6 -> guests.host.clock().advance(random.nextLong(2_000_000_000L));
                default -> submit(state);
            }
        }

        private Limits limits() {
            return new Limits(
                    rate(1 << 14),
                    rate(1 << 14),
                    rate(1 << 14),
                    rate(1 << 28),
                    rate(1 << 28),
                    rate(1 << 28),
                    random.nextInt(3));
        }

        private long rate(int bound) {
            return random.nextInt(3) > 0 ? 0 : random.nextLong(1, bound);
        }

        private void submit(State state) {
            for (int i = random.nextInt(1, 30); i > 0 && state.inFlight.size() < 200; i--) {
                int bytes = random.nextInt(4) == 0 ? LARGE : 4096;
                int blocks = bytes / 512;
                long lba = random.nextInt(Guests.VOLUME_BYTES / 512 - blocks);
                int opcode = switch (random.nextInt(6)) {
                    case 0 -> IoOpcode.WRITE_ZEROES;
                    case 1 -> IoOpcode.VERIFY;
                    case 2 -> IoOpcode.FLUSH;
                    case 3 -> IoOpcode.READ;
                    default -> IoOpcode.WRITE;
                };
                Command command =
                        Command.of(opcode).nsid(1).range(lba, blocks).data(bytes == LARGE ? state.large : state.small);
                int cid = state.pair.start(command);
                state.inFlight.add(cid);
                if (!state.attached) {
                    state.mayFail.add(cid);
                }
            }
        }

        private void take(State state) {
            for (Completion one = state.pair.completions().poll();
                    one != null;
                    one = state.pair.completions().poll()) {
                assertThat(state.inFlight.remove(one.cid()))
                        .as("completed twice, or never begun: %s", one)
                        .isTrue();
                if (!state.mayFail.remove(one.cid())) {
                    assertThat(one.ok()).as("%s", one).isTrue();
                }
            }
            state.pair.completions().ring();
        }

        private void abort(State state) {
            if (!state.inFlight.isEmpty()) {
                int cid = state.inFlight.stream()
                        .skip(random.nextInt(state.inFlight.size()))
                        .findFirst()
                        .orElseThrow();
                state.mayFail.add(cid);
                state.one.driver().admin(Command.abort(state.pair.id(), cid)).orThrow();
            }
        }

        private void reset(State state) {
            state.one.driver().disable();
            state.one.driver().enable(EnableOptions.usual());
            state.pair = state.one.driver().createPair(1, 256, 1);
            state.inFlight.clear();
            state.mayFail.clear();
        }

        private void deleteQueue(State state) {
            int sq = state.pair.id();
            state.mayFail.addAll(state.inFlight);
            state.one.driver().deleteSubmissionQueue(sq).orThrow();
            take(state);
            // What was not fetched yet is gone with its queue.
            state.inFlight.clear();
            state.mayFail.clear();
            state.one.driver().deleteCompletionQueue(sq).orThrow();
            state.pair = state.one.driver().createPair(1, 256, 1);
        }

        private void toggle(State state) {
            state.mayFail.addAll(state.inFlight);
            if (state.attached) {
                state.one.device().controller().namespaces().detach(1);
            } else {
                state.one.device().controller().namespaces().attach(state.one.namespace());
            }
            state.attached = !state.attached;
        }
    }
}
