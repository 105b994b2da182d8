package io.vnvme.bench.load;

import io.vnvme.os.Cpu;
import io.vnvme.os.Errno;
import io.vnvme.os.NativeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * How much of the machine other programs use while something is measured: both sides of a measurement poll, so a
 * neighbour takes its processors away.
 */
public final class Neighbours {
    /** Of /proc/stat's first line: user, nice, system, (idle, iowait,) irq, softirq, steal; proc(5). */
    private static final int[] BUSY = {1, 2, 3, 6, 7, 8};

    /** Of /proc/PID/stat behind the name: cutime, and cstime after it. */
    private static final int ENDED_USER = 13;

    private static final long NS_PER_TICK = 10_000_000;

    private final long beganNs = System.nanoTime();
    private final long busyNs = busyNs(Files.readString(Path.of("/proc/stat")));
    private final long ownNs = ownNs();

    /** Begins to look. */
    public Neighbours() throws IOException {}

    /** The share of all processors, 0 to 1, that other programs and other machines used since this was made. */
    public double share() throws IOException {
        long busy = busyNs(Files.readString(Path.of("/proc/stat"))) - busyNs;
        long own = ownNs() - ownNs;
        double all =
                (double) (System.nanoTime() - beganNs) * Runtime.getRuntime().availableProcessors();
        return Math.clamp((busy - own) / all, 0, 1);
    }

    /** Processor time of everything on the machine so far, in nanoseconds. */
    public static long busyNs(String stat) {
        List<String> fields = List.of(stat.lines().findFirst().orElse("").split(" +", -1));
        long ticks = 0;
        for (int field : BUSY) {
            ticks += Long.parseLong(fields.get(field));
        }
        return ticks * NS_PER_TICK;
    }

    /** Processor time of this process and of what it started, what has ended included. */
    private static long ownNs() throws IOException {
        return Cpu.processCpuTimeNs(ProcessHandle.current().pid())
                + endedNs(Files.readString(Path.of("/proc/self/stat")))
                + ProcessHandle.current()
                        .descendants()
                        .mapToLong(Neighbours::cpuNs)
                        .sum();
    }

    /** Of children that have been waited for; their fields come behind the name, which may hold anything; proc(5). */
    private static long endedNs(String stat) {
        List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
        return (Long.parseLong(fields.get(ENDED_USER)) + Long.parseLong(fields.get(ENDED_USER + 1))) * NS_PER_TICK;
    }

    /** 0 for one that ended between being listed and being asked. */
    private static long cpuNs(ProcessHandle child) {
        try {
            return Cpu.processCpuTimeNs(child.pid());
        } catch (NativeException e) {
            if (e.errno() == Errno.EINVAL) {
                return 0;
            }
            throw e;
        }
    }
}
