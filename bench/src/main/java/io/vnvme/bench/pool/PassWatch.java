package io.vnvme.bench.pool;

import io.vnvme.os.Cpu;
import io.vnvme.reactor.Poller;

/**
 * The longest pass of a reactor by its processor time: what a guest waits while the reactor does something else. Turns of
 * others on the processor do not count.
 */
final class PassWatch implements Poller {
    private long lastNs = Cpu.threadCpuTimeNs();
    private long longestNs;

    @Override
    public int poll(long nowNs) {
        long cpuNs = Cpu.threadCpuTimeNs();
        longestNs = Math.max(longestNs, cpuNs - lastNs);
        lastNs = cpuNs;
        return 0;
    }

    @Override
    public long prepareSleep(long nowNs) {
        return UNLIMITED;
    }

    /** @return nanoseconds since this was asked last */
    long takeLongestNs() {
        long longest = longestNs;
        longestNs = 0;
        return longest;
    }
}
