package io.vnvme.testkit.migration;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.crypto.VolumeKey;
import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.migration.CopyTarget;
import io.vnvme.migration.LiveCopy;
import io.vnvme.pool.Done;
import io.vnvme.testkit.seed.FuzzLoop;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.SimClock;
import io.vnvme.volume.Volume;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/**
 * A volume is copied while a guest writes, clears, discards and flushes it: after the switch the copy is what the guest wrote,
 * on its media, whatever the target does meanwhile; and if it comes to nothing the guest has never seen it.
 */
final class LiveCopyFuzz {
    private static final int STEPS_MAX = 400_000;
    private static final long FREEZE_LIMIT_NS = 50_000_000;

    /** Both halves of it are to be different. */
    private static final VolumeKey KEY = VolumeKey.of(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/".getBytes(StandardCharsets.US_ASCII));

    private static final List<End> ENDS = List.of(End.values());

    private enum End {
        SWITCH,
        POWER_CUT,
        /** Before the switch, of all: what was flushed is in the source. */
        ALL_CUT,
        CANCEL,
        TARGET_FAILS,
        TARGET_GONE
    }

    @Test
    void whatTheGuestWroteIsThere() {
        FuzzLoop.run("LiveCopyFuzz", random -> {
            try (Arena arena = Arena.ofConfined()) {
                new LiveCopyFuzz.World(random, arena).run();
            }
        });
    }

    private static final class World {
        private final SplittableRandom random;
        private final SimClock clock = new SimClock();
        private final Side source;
        private final Side target;
        private final MovingGuest guest;
        private final End end;
        private final int hotBytes;
        private final double busy;
        private final ArrayDeque<Runnable> mailbox = new ArrayDeque<>();
        private final Volume raw;
        private Volume used;

        World(SplittableRandom random, Arena arena) {
            this.random = random;
            boolean checksums = random.nextInt(4) == 0;
            VolumeKey key = random.nextInt(4) == 0 ? KEY : null;
            source = new Side(clock, random, arena, checksums, key);
            target = new Side(clock, random, arena, checksums, key);
            guest = new MovingGuest(random, arena);
            end = ENDS.get(random.nextInt(ENDS.size()));
            hotBytes = random.nextBoolean() ? 300_000 : Side.VOLUME;
            busy = random.nextDouble();
            raw = source.volume();
            used = raw;
        }

        void run() {
            for (int i = random.nextInt(300); i > 0; i--) {
                guest.begin(used, Side.VOLUME);
                step();
            }
            boolean since = random.nextInt(3) == 0;
            if (since) {
                bringSnapshot();
            }
            LiveCopy copy = new LiveCopy(raw, target(), guest::pendingNow, !since);
            used = copy.volume();
            survey(copy, since);
            int steps = random.nextInt(4000);
            for (int i = 0; i < steps; i++) {
                use(copy);
            }
            switch (end) {
                case SWITCH, POWER_CUT -> switchOver(copy);
                case ALL_CUT -> cutBoth(copy);
                case CANCEL -> {
                    if (random.nextBoolean()) {
                        assertThat(frozen(copy)).isTrue();
                    }
                    copy.cancel();
                    goesOn(copy);
                }
                case TARGET_FAILS -> {
                    target.drive.faults(new Faults(0, 20_000, 0.05));
                    untilOver(copy);
                }
                case TARGET_GONE -> {
                    target.drive.gone(true);
                    untilOver(copy);
                }
            }
        }

        /** As of another reactor, whose mailbox is looked at now and then; or on this one. */
        private CopyTarget target() {
            Volume there = target.volume();
            if (random.nextBoolean()) {
                return there::submit;
            }
            return io -> {
                Posted posted = new Posted(mailbox);
                posted.sender = io.redirect(posted);
                mailbox.add(() -> posted.run(there, io));
                return IoStatus.PENDING;
            };
        }

        private static final class Posted implements Io.Completion {
            private final ArrayDeque<Runnable> mailbox;
            private Io.Completion sender = this;

            Posted(ArrayDeque<Runnable> mailbox) {
                this.mailbox = mailbox;
            }

            void run(Volume there, Io io) {
                int status = there.submit(io);
                if (status != IoStatus.PENDING) {
                    completed(io, status);
                }
            }

            @Override
            public void completed(Io io, int status) {
                mailbox.add(() -> {
                    io.redirect(sender);
                    io.complete(status);
                });
            }
        }

        private void survey(LiveCopy copy, boolean since) {
            Done found = failure -> {
                assertThat(failure).isNull();
                copy.begin();
            };
            copy.whenSettled(() -> {
                if (since) {
                    source.pool().operations().diff("v@s", "v", copy::data, found);
                } else {
                    source.pool().operations().data("v", copy::data, found);
                }
            });
        }

        /** The target has a snapshot of the volume already, and the copy brings what is another since. */
        private void bringSnapshot() {
            for (int i = 0; i < STEPS_MAX && guest.pending() > 0; i++) {
                step();
            }
            source.run(done -> source.pool().operations().snapshot("v", "s", new UUID(6, 6), 0, done));
            target.write(source.content());
            target.run(done -> target.pool().operations().snapshot("v", "s", new UUID(6, 6), 0, done));
            for (int i = random.nextInt(100); i > 0; i--) {
                guest.begin(used, Side.VOLUME);
                step();
            }
        }

        private void step() {
            clock.advance(2_000);
            source.step();
            target.step();
            if (random.nextBoolean()) {
                for (int i = mailbox.size(); i > 0; i--) {
                    mailbox.remove().run();
                }
            }
            guest.look();
        }

        private void use(LiveCopy copy) {
            if (random.nextDouble() < busy) {
                guest.begin(used, hotBytes);
            }
            copy.poll(clock.nowNs());
            step();
        }

        private void until(LiveCopy copy, BooleanSupplier there) {
            for (int i = 0; i < STEPS_MAX && !there.getAsBoolean(); i++) {
                use(copy);
            }
            assertThat(there.getAsBoolean())
                    .as("round %d, %d bytes left", copy.round(), copy.dirtyBytes())
                    .isTrue();
        }

        private boolean frozen(LiveCopy copy) {
            for (int tries = 0; tries < 10; tries++) {
                int[] told = {0};
                copy.freeze(FREEZE_LIMIT_NS, frozen -> told[0] = frozen ? 1 : -1);
                until(copy, () -> told[0] != 0);
                if (told[0] > 0) {
                    return true;
                }
                if (copy.failure().isPresent()) {
                    return false;
                }
            }
            return false;
        }

        private void switchOver(LiveCopy copy) {
            guest.switches();
            assertThat(frozen(copy)).isTrue();
            if (random.nextInt(4) == 0) {
                // The one who was to say which side counts could not.
                copy.thaw();
                until(copy, () -> copy.round() > 0);
                assertThat(frozen(copy)).isTrue();
            }
            byte[] atSwitch = guest.model.clone();
            if (end == End.POWER_CUT) {
                target.cutPower();
                assertThat(target.content()).isEqualTo(atSwitch);
                return;
            }
            long ended = guest.ended();
            copy.settle(target.volume());
            for (int i = 0; i < 200; i++) {
                use(copy);
            }
            drain(copy);
            assertThat(guest.ended()).isGreaterThanOrEqualTo(ended);
            assertThat(target.content()).isEqualTo(guest.model);
            assertThin();
            copy.close();
        }

        /** A flush that has ended counts, with a copy as without one; the copy is what nobody names. */
        private void cutBoth(LiveCopy copy) {
            if (random.nextBoolean()) {
                assertThat(frozen(copy)).isTrue();
                copy.thaw();
            }
            drain(copy);
            int[] status = {IoStatus.PENDING};
            Io flush = new Io((_, ended) -> status[0] = ended);
            flush.prepare(Io.FLUSH, 0, 0, false);
            int answer = used.submit(flush);
            status[0] = answer == IoStatus.PENDING ? status[0] : answer;
            for (int i = 0; i < STEPS_MAX && status[0] == IoStatus.PENDING; i++) {
                copy.poll(clock.nowNs());
                step();
            }
            assertThat(status[0]).isEqualTo(IoStatus.OK);
            source.cutPower();
            target.cutPower();
            assertThat(source.content()).isEqualTo(guest.model);
        }

        private void drain(LiveCopy copy) {
            for (int i = 0; i < STEPS_MAX && guest.pending() > 0; i++) {
                copy.poll(clock.nowNs());
                step();
            }
            assertThat(guest.pending()).isZero();
        }

        /** Where nobody wrote anything but zeros, nothing is allocated. */
        private void assertThin() {
            boolean[] allocated = new boolean[guest.touched.length];
            target.run(done -> target.pool()
                    .operations()
                    .data(
                            "v",
                            (offset, length) -> {
                                for (long at = offset; at < offset + length; at += 4096) {
                                    allocated[(int) (at / 65536)] = true;
                                }
                            },
                            done));
            for (int i = 0; i < allocated.length; i++) {
                assertThat(allocated[i] && !guest.touched[i])
                        .as("cluster %d", i)
                        .isFalse();
            }
        }

        private void untilOver(LiveCopy copy) {
            boolean[] frozen = {false};
            copy.freeze(FREEZE_LIMIT_NS, how -> frozen[0] = how);
            // A pool tries for a while before it says that its drive is gone.
            int stepsMax = end == End.TARGET_GONE ? STEPS_MAX : 20_000;
            for (int i = 0; i < stepsMax && copy.failure().isEmpty() && !frozen[0]; i++) {
                use(copy);
            }
            if (end == End.TARGET_GONE && !frozen[0]) {
                assertThat(copy.failure()).isPresent();
            }
            if (frozen[0]) {
                // No error was passed over: all is there, and on its media. Of one that is gone there was nothing to
                // ask any more.
                target.drive.gone(false);
                target.drive.faults(Faults.delays(20_000));
                target.cutPower();
                assertThat(target.content()).isEqualTo(guest.model);
            }
            copy.cancel();
            goesOn(copy);
        }

        private void goesOn(LiveCopy copy) {
            for (int i = 0; i < 200; i++) {
                use(copy);
            }
            drain(copy);
            for (int i = 0; i < STEPS_MAX && !copy.idle(); i++) {
                step();
            }
            assertThat(copy.idle()).isTrue();
            assertThat(source.content()).isEqualTo(guest.model);
            copy.close();
        }
    }
}
