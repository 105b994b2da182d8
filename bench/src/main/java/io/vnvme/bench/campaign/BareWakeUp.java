package io.vnvme.bench.campaign;

import io.vnvme.bench.load.PinnedThread;
import io.vnvme.os.Cpu;
import io.vnvme.os.Epoll;
import io.vnvme.os.EventFd;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** How long a thread that does nothing else takes to be woken and to say so: what no sleeping server can be below. */
final class BareWakeUp {
    private static final long SILENCE_NS = 1_000_000_000L;

    private final EventFd bell = EventFd.create();
    private volatile long answered;

    private BareWakeUp() {}

    static Histogram measure(int callerCpu, int sleeperCpu, int samples) throws InterruptedException {
        BareWakeUp wakeUp = new BareWakeUp();
        Thread sleeper = Thread.ofPlatform().daemon().start(() -> wakeUp.sleep(sleeperCpu, samples));
        Histogram latencies = PinnedThread.call("caller", callerCpu, () -> wakeUp.call(samples));
        sleeper.join();
        wakeUp.bell.close();
        return latencies;
    }

    private void sleep(int cpu, int samples) {
        Cpu.pin(cpu);
        try (Epoll epoll = new Epoll()) {
            epoll.add(bell.fd(), Epoll.IN, 0);
            for (long rung = 0; rung < samples; ) {
                if (epoll.await(-1) > 0) {
                    bell.drain();
                    rung++;
                    answered = rung;
                }
            }
        }
    }

    private Histogram call(int samples) {
        Histogram latencies = new Histogram(3);
        for (int i = 0; i < samples; i++) {
            LockSupport.parkNanos(SILENCE_NS);
            long fromNs = System.nanoTime();
            bell.signal();
            while (answered == i) {
                Thread.onSpinWait();
            }
            latencies.recordValue(System.nanoTime() - fromNs);
        }
        return latencies;
    }
}
