package io.vnvme.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Processor time of another process, from {@code /proc/PID/stat} (proc(5)): good to 10 ms. */
final class ProcessCpu {
    private static final long NS_A_TICK = Duration.ofSeconds(1).toNanos() / 100;
    /** utime and stime are fields 14 and 15; counted from the one after the command's closing parenthesis: 11 and 12. */
    private static final int UTIME = 11;

    private ProcessCpu() {}

    static long cpuNs(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return (Long.parseLong(fields[UTIME]) + Long.parseLong(fields[UTIME + 1])) * NS_A_TICK;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
