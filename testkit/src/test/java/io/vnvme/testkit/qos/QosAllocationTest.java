package io.vnvme.testkit.qos;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.vnvme.qos.Group;
import io.vnvme.qos.Limits;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** Waiting for credit, and working in slices, allocates nothing. */
final class QosAllocationTest {
    private static final int PASSES = 300_000;
    private static final int ATTEMPTS = 10;

    @Test
    void throttledAndSliced() {
        try (Guests guests = Guests.onRam(3)) {
            Group group = guests.scheduler.group(new Limits(0, 0, 400_000, 0, 0, 0, 0));
            guests.guest(0).share().set(new Limits(300_000, 0, 0, 0, 0, 2_000_000_000, 1), 70, group);
            guests.guest(1).share().set(Limits.NONE, 30, group);
            try (Load one = new Load(guests.guest(0), 64, 4096, false);
                    Load two = new Load(guests.guest(1), 64, 4096, true);
                    Load large = new Load(guests.guest(2), 8, 1 << 20, false)) {
                long allocated = allocated(guests, one, two, large);
                for (int attempt = 0; attempt < ATTEMPTS && allocated != 0; attempt++) {
                    allocated = allocated(guests, one, two, large);
                }
                assertThat(allocated).as("bytes in %d passes", PASSES).isZero();
                assertThat(one.completed()).isGreaterThan(10_000);
                assertThat(two.completed()).isGreaterThan(10_000);
                assertThat(large.completed()).isGreaterThan(1_000);
            }
        }
    }

    private static long allocated(Guests guests, Load one, Load two, Load large) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        // What the question itself allocates is in both readings.
        long overhead = threads.getCurrentThreadAllocatedBytes() - before;
        before = threads.getCurrentThreadAllocatedBytes();
        for (int pass = 0; pass < PASSES; pass++) {
            guests.host.step();
            one.turn();
            two.turn();
            large.turn();
        }
        return threads.getCurrentThreadAllocatedBytes() - before - overhead;
    }
}
