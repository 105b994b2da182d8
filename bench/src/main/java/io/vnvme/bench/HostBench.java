package io.vnvme.bench;

import io.vnvme.bench.load.PinnedThread;
import io.vnvme.bench.load.Traffic;
import io.vnvme.drive.Drive;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** Measurements on the host, where no emulator stands between; each on the processor that its specification says. */
public final class HostBench {
    private HostBench() {}

    /**
     * A vNVMe through its vfio-user socket, by a polled driver with one queue pair: namespace 1, all of it.
     *
     * @return CPU per I/O is that of the process that serves the socket
     */
    public static Sample vnvme(Path socket, BenchSpec spec) {
        Traffic traffic = Traffic.of(spec.workload(), spec.blockBytes(), spec.queueDepth());
        return vnvme(socket, traffic, spec);
    }

    /** The same with any traffic; of the specification only the times and the processor count. */
    public static Sample vnvme(Path socket, Traffic traffic, BenchSpec spec) {
        return pinned(
                spec,
                () -> SocketTraffic.run(socket, traffic, spec.warmUp(), spec.length(), false)
                        .sample());
    }

    /** Writes every block of namespace 1 once, so that all its memory is there before something is measured. */
    public static void fill(Path socket) {
        SocketFill.run(socket);
    }

    /** Writes every block of a drive in this process once. */
    public static void fill(Drive drive) {
        DriveLoop.fill(drive);
    }

    /** The same pattern straight at a drive in this process. */
    public static Sample bare(Drive drive, BenchSpec spec) {
        return pinned(spec, () -> DriveLoop.run(drive, spec));
    }

    /** The same pattern as plain copies between {@code sizeBytes} of memory and small buffers: nothing can be faster. */
    public static Sample copies(long sizeBytes, BenchSpec spec) {
        return pinned(spec, () -> CopyLoop.run(sizeBytes, spec));
    }

    private static Sample pinned(BenchSpec spec, Callable<Sample> measurement) {
        try {
            return spec.cpu() < 0 ? measurement.call() : PinnedThread.call("bench", spec.cpu(), measurement);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while measuring", e);
        } catch (Exception e) {
            throw new IllegalStateException("the measurement failed: " + e.getMessage(), e);
        }
    }
}
