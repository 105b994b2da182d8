package io.vnvme.testkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.vnvme.testkit.server.ServedTarget;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A command over TCP allocates nothing, at the target and at the host of these tests, once all is compiled. Before, the JDK makes an
 * object for each call of the kernel (for where its errno goes, {@code SharedUtils.checkCaptureSegment}), and how long that lasts depends
 * on what else the machine does.
 */
class TcpAllocationTest {
    private static final long DRIVE_BYTES = 16 << 20;
    private static final long WARM_UP_NS = 2_000_000_000L;
    private static final long RUN_NS = 200_000_000L;
    /** The compiler is waited for so long. */
    private static final long COMPILER_NS = 90_000_000_000L;

    /** Fewer show nothing. */
    private static final int COMMANDS_MIN = 10_000;

    private static final double BYTES_PER_COMMAND_MAX = 1;

    @ParameterizedTest
    @CsvSource({"4096,false,false", "4096,true,false", "4096,false,true", "131072,false,false"})
    void commandsAllocateNothing(int bytes, boolean writes, boolean digests) throws IOException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        HostOptions options = HostOptions.usual().sending(16 << 10, 16 << 10).digests(false, digests);
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES);
                TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, options);
                HostQueue queue = host.ioQueue(64)) {
            AtomicLong reactor = new AtomicLong();
            target.onReactor(() -> reactor.set(Thread.currentThread().threadId()));
            PolledQueue load = queue.polled(32, bytes, writes, DRIVE_BYTES);
            load.run(WARM_UP_NS);
            Allocated allocated = new Allocated(threads, reactor.get());
            awaitCompiler(load, allocated);
            double targets = Double.MAX_VALUE;
            double hosts = Double.MAX_VALUE;
            // The least of a few runs: the compiler may be at work during one.
            for (int run = 0; run < 5; run++) {
                allocated.during(load);
                targets = Math.min(targets, allocated.target);
                hosts = Math.min(hosts, allocated.host);
            }
            System.out.printf(
                    "%d bytes, writes %s, digests %s: target %.2f, host %.2f bytes a command%n",
                    bytes, writes, digests, targets, hosts);
            assertThat(targets).isLessThan(BYTES_PER_COMMAND_MAX);
            assertThat(hosts).isLessThan(BYTES_PER_COMMAND_MAX);
        }
    }

    /** Ends when it has compiled all of a command, or never will. */
    private static void awaitCompiler(PolledQueue load, Allocated allocated) throws IOException {
        long fromNs = System.nanoTime();
        do {
            allocated.during(load);
        } while ((allocated.target >= BYTES_PER_COMMAND_MAX || allocated.host >= BYTES_PER_COMMAND_MAX)
                && System.nanoTime() - fromNs < COMPILER_NS);
    }

    /** Bytes a command, by who allocated them. */
    private static final class Allocated {
        private final ThreadMXBean threads;
        private final long reactor;
        private double target;
        private double host;

        Allocated(ThreadMXBean threads, long reactor) {
            this.threads = threads;
            this.reactor = reactor;
        }

        void during(PolledQueue load) throws IOException {
            long reactorBefore = threads.getThreadAllocatedBytes(reactor);
            long hostBefore = threads.getCurrentThreadAllocatedBytes();
            double commands = 0;
            while (commands < COMMANDS_MIN) {
                commands += load.run(RUN_NS);
            }
            host = (threads.getCurrentThreadAllocatedBytes() - hostBefore) / commands;
            target = (threads.getThreadAllocatedBytes(reactor) - reactorBefore) / commands;
        }
    }
}
