package io.vnvme.testkit.qos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Percentage.withPercentage;

import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.qos.Limits;
import io.vnvme.qos.Share;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.sim.SimDrive;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Guests that want all there is, beside one that wants little. A step of the host is a pass of the reactor. */
final class FairnessTest {
    private static final int LARGE = 1 << 20;
    private static final int SMALL = 4096;
    /** Until it is known who wants how much: two windows of 10 ms, of passes of 1 us. */
    private static final int KNOWN_PASSES = 21_000;

    @Test
    void aSmallReadWaitsForASliceOfALargeOne() {
        try (Guests guests = Guests.onRam(2);
                Load large = new Load(guests.guest(0), 16, LARGE, false);
                Load small = new Load(guests.guest(1), 1, SMALL, false)) {
            run(guests, KNOWN_PASSES, large, small);
            long before = large.completedBytes();
            for (int pass = 0; pass < 5000; pass++) {
                assertThat(movedByPass(guests))
                        .as("bytes that pass %d moved", pass)
                        .isLessThanOrEqualTo(2 * SMALL);
                large.turn();
                assertThat(small.turn())
                        .as("small reads that completed in pass %d", pass)
                        .isOne();
            }
            assertThat(large.completedBytes() - before).isCloseTo(5000L * SMALL, withPercentage(25));
        }
    }

    @Test
    void severalLargeOnesTakeNoMoreTogether() {
        try (Guests guests = Guests.onRam(3);
                Load one = new Load(guests.guest(0), 16, LARGE, false);
                Load two = new Load(guests.guest(1), 16, LARGE, true);
                Load small = new Load(guests.guest(2), 1, SMALL, false)) {
            run(guests, KNOWN_PASSES, one, two, small);
            long oneBefore = one.completedBytes();
            long twoBefore = two.completedBytes();
            long smallBefore = small.completed();
            long moved = 0;
            for (int pass = 0; pass < 10_000; pass++) {
                moved += movedByPass(guests);
                one.turn();
                two.turn();
                if (small.turn() > 0) {
                    assertThat(moved)
                            .as("bytes moved until a small read completed, pass %d", pass)
                            .isLessThanOrEqualTo(4 * SMALL);
                    moved = 0;
                }
            }
            assertThat(small.completed() - smallBefore).isGreaterThan(4_500);
            assertThat(two.completedBytes() - twoBefore).isCloseTo(one.completedBytes() - oneBefore, withPercentage(5));
        }
    }

    @Test
    void manyWhoWantLittleLeaveTheRestToTheOthers() {
        int modest = 15;
        try (Guests guests = Guests.onRam(modest + 1);
                Load large = new Load(guests.guest(0), 16, LARGE, false)) {
            List<Load> small = new ArrayList<>();
            for (int i = 1; i <= modest; i++) {
                small.add(new Load(guests.guest(i), 1, SMALL, false));
            }
            for (int pass = 0; pass < KNOWN_PASSES + 5000; pass++) {
                guests.host.step();
                large.turn();
                small.get(pass % 2000 / 100 % modest).turn();
            }
            assertThat(large.completedBytes()).isGreaterThan((KNOWN_PASSES + 5000L) * (3 << 10));
            small.forEach(Load::close);
        }
    }

    @Test
    void smallCommandsKeepTheirBatches() {
        try (Guests guests = Guests.onRam(2);
                Load many = new Load(guests.guest(0), 64, SMALL, false);
                Load one = new Load(guests.guest(1), 1, SMALL, false)) {
            run(guests, KNOWN_PASSES, many, one);
            long before = many.completed();
            run(guests, 1000, many, one);
            assertThat(many.completed() - before).isGreaterThan(1000 * 8);
        }
    }

    private static long movedByPass(Guests guests) {
        long before = guests.movedBytes();
        guests.host.step();
        return guests.movedBytes() - before;
    }

    @Test
    void whoIsAloneIsHardlyHeldBack() {
        try (Guests guests = Guests.onRam(1);
                Load load = new Load(guests.guest(0), 16, LARGE, false)) {
            for (int pass = 0; pass < 300; pass++) {
                guests.host.step();
                load.turn();
            }
            assertThat(load.completedBytes()).isGreaterThan(300L * (256 << 10));
        }
    }

    @Test
    void weightsDivideTheReactor() {
        try (Guests guests = Guests.onRam(2)) {
            guests.guest(1).share().set(Limits.NONE, 3 * Share.WEIGHT_DEFAULT, null);
            try (Load light = new Load(guests.guest(0), 16, 64 << 10, false);
                    Load heavy = new Load(guests.guest(1), 16, 64 << 10, false)) {
                for (int pass = 0; pass < 20_000; pass++) {
                    guests.host.step();
                    light.turn();
                    heavy.turn();
                }
                assertThat(heavy.completedBytes()).isCloseTo(3 * light.completedBytes(), withPercentage(5));
            }
        }
    }

    @Test
    void theLightestIsNotStarved() {
        try (Guests guests = Guests.onRam(2)) {
            guests.guest(0).share().set(Limits.NONE, 1, null);
            guests.guest(1).share().set(Limits.NONE, Share.WEIGHT_MAX, null);
            try (Load light = new Load(guests.guest(0), 1, SMALL, false);
                    Load heavy = new Load(guests.guest(1), 16, LARGE, false)) {
                for (int pass = 0; pass < 20_000; pass++) {
                    guests.host.step();
                    light.turn();
                    heavy.turn();
                }
                assertThat(light.completed()).isGreaterThan(100);
            }
        }
    }

    @Test
    void aSlowDrivesQueueIsShared() {
        try (Guests guests = Guests.onSlowDrive(2, 100_000);
                Load large = new Load(guests.guest(0), 16, LARGE, false);
                Load small = new Load(guests.guest(1), 1, SMALL, false)) {
            SimDrive drive = (SimDrive) guests.drive;
            // Both are known to be there once they have done something.
            run(guests, 200, large, small);
            int most = 0;
            for (int pass = 0; pass < 5_000; pass++) {
                guests.host.step();
                large.turn();
                small.turn();
                most = Math.max(most, drive.pendingCount());
            }
            assertThat(most)
                    .as("requests at the drive: one large and the small one")
                    .isEqualTo(2);
            assertThat(small.completed()).isGreaterThan(40);
            assertThat(large.completed()).isGreaterThan(40);
        }
    }

    @Test
    void aDriveThatDoesNotMoveHoldsUpNobodyElse() {
        try (Guests guests = Guests.onSlowDrive(2, 1_000);
                Load writes = new Load(guests.guest(0), 64, SMALL << 4, true);
                Load other = new Load(guests.guest(1), 1, SMALL, false)) {
            run(guests, 500, writes, other);
            SimDrive drive = (SimDrive) guests.drive;
            drive.hold(true);
            guests.steps(100_000);
            assertThat(drive.pendingCount()).as("all are with the drive").isEqualTo(64 + 1);
            drive.hold(false);
        }
    }

    private static void run(Guests guests, int passes, Load... loads) {
        for (int pass = 0; pass < passes; pass++) {
            guests.host.step();
            for (Load load : loads) {
                load.turn();
            }
        }
    }

    @Test
    void whatIsCutIsWhole() {
        try (Guests guests = Guests.onRam(2);
                Load neighbour = new Load(guests.guest(1), 4, SMALL, false);
                Buffer data = guests.guest(0).device().ram().allocate(LARGE);
                Buffer back = guests.guest(0).device().ram().allocate(LARGE)) {
            run(guests, 10, neighbour);
            for (long i = 0; i < LARGE / Long.BYTES; i++) {
                data.segment().setAtIndex(ValueLayout.JAVA_LONG, i, i * 0x9E3779B97F4A7C15L);
            }
            var pair = guests.guest(0).pair();
            // One block off, so that no cut lies on a multiple of anything in the data.
            int blocks = LARGE / 512;
            pair.execute(Command.write(1, 1, blocks), Prp.of(data)).orThrow();
            pair.execute(Command.read(1, 1, blocks), Prp.of(back)).orThrow();
            assertThat(data.segment().mismatch(back.segment())).isEqualTo(-1);
            assertThat(pair.execute(Command.of(IoOpcode.COMPARE).nsid(1).range(1, blocks), Prp.of(data))
                            .ok())
                    .as("compare")
                    .isTrue();
            back.segment().set(ValueLayout.JAVA_BYTE, LARGE - 1, (byte) 1);
            assertThat(pair.execute(Command.of(IoOpcode.COMPARE).nsid(1).range(1, blocks), Prp.of(back))
                            .ok())
                    .as("compare with another last byte")
                    .isFalse();
            assertThat(pair.execute(Command.of(IoOpcode.VERIFY).nsid(1).range(1, blocks))
                            .ok())
                    .as("verify")
                    .isTrue();
            pair.execute(Command.of(IoOpcode.WRITE_ZEROES).nsid(1).range(1, blocks))
                    .orThrow();
            Completion read = pair.execute(Command.read(1, 1, blocks), Prp.of(back));
            assertThat(read.ok()).isTrue();
            assertThat(back.segment().mismatch(MemorySegment.ofArray(new byte[LARGE])))
                    .as("zeroes written")
                    .isEqualTo(-1);
        }
    }
}
