package io.vnvme.os;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class EpollTest {
    private static final int WARM_UP = 50_000;

    @Test
    void readyDescriptorsComeWithTheirTokens() {
        try (Epoll epoll = new Epoll();
                EventFd one = EventFd.create();
                EventFd two = EventFd.create()) {
            long large = 0x1234_5678_9abc_def0L;
            epoll.add(one.fd(), Epoll.IN, 1);
            epoll.add(two.fd(), Epoll.IN, large);
            assertThat(epoll.await(0)).isZero();
            assertThat(epoll.await(1000)).isZero();
            two.signal();
            assertThat(epoll.await(-1)).isEqualTo(1);
            assertThat(epoll.token(0)).isEqualTo(large);
            assertThat(epoll.events(0)).isEqualTo(Epoll.IN);
            epoll.modify(two.fd(), Epoll.OUT, 3);
            assertThat(epoll.await(0)).isEqualTo(1);
            assertThat(epoll.token(0)).isEqualTo(3);
            assertThat(epoll.events(0)).isEqualTo(Epoll.OUT);
            epoll.remove(two.fd());
            assertThat(epoll.await(0)).isZero();
        }
    }

    @Test
    void hotCallsAllocateNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        UnixSocket[] pair = UnixSocket.pair();
        try (Epoll epoll = new Epoll();
                EventFd event = EventFd.create();
                UnixSocket near = pair[0];
                UnixSocket far = pair[1];
                FdQueue fds = new FdQueue(4)) {
            MemorySegment buffer = Arena.ofAuto().allocate(64, 8);
            far.blocking(false);
            epoll.add(event.fd(), Epoll.IN, 1);
            hotCalls(WARM_UP, epoll, event, near, far, fds, buffer);
            long thread = Thread.currentThread().threadId();
            long least = Long.MAX_VALUE;
            // The least of a few runs: the compiler may be at work during one.
            for (int run = 0; run < 5; run++) {
                long before = threads.getThreadAllocatedBytes(thread);
                hotCalls(1000, epoll, event, near, far, fds, buffer);
                least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
            }
            assertThat(least).isLessThan(1000);
        }
    }

    private static void hotCalls(
            int count, Epoll epoll, EventFd event, UnixSocket near, UnixSocket far, FdQueue fds, MemorySegment buffer) {
        for (int i = 0; i < count; i++) {
            event.signal();
            epoll.await(0);
            epoll.token(0);
            event.drain();
            near.send(buffer, 0, 16);
            far.receive(buffer, 0, 64, fds);
            far.receive(buffer, 0, 64, fds);
            Cpu.threadCpuTimeNs();
        }
    }

    @Test
    void threadsPinThemselves() throws InterruptedException {
        int cpu = Cpu.allowed().nextSetBit(0);
        int[] seen = new int[2];
        Thread thread = Thread.ofPlatform().start(() -> {
            Cpu.pin(cpu);
            seen[0] = Cpu.current();
            seen[1] = Cpu.allowed().cardinality();
        });
        thread.join();
        assertThat(seen).containsExactly(cpu, 1);
        assertThat(Cpu.threadCpuTimeNs()).isPositive();
    }
}
