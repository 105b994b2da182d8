package io.vnvme.bench.campaign;

import io.vnvme.bench.load.PinnedThread;
import io.vnvme.os.Cpu;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.GuestRam;
import io.vnvme.testkit.ram.RamLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** What vNVMes cost that nobody uses, and how long the first command after a silence takes. */
final class IdleRun {
    /** How guests reach their doorbells. */
    enum Guest {
        /** Messages when shadow doorbells ask for them: Linux in QEMU. */
        SHADOW,
        /** A message for each: Windows and firmware in QEMU. */
        TRAPPED,
        /** Stores to the page: polled clients. */
        MAPPED
    }

    private static final long DRIVE_BYTES = 4 << 20;
    private static final long RAM_BYTES = 1 << 20;
    private static final long MEASURE_NS = 10_000_000_000L;
    private static final long SILENCE_NS = 1_000_000_000L;
    private static final int WARM_UP_COMMANDS = 20_000;
    /** Between pauses, so that the way into sleep and out of it is warm as well. */
    private static final int WARM_UP_BURST = 10;

    private static final long WARM_UP_PAUSE_NS = 2_000_000;
    private static final int READ_BLOCKS = 8;
    private static final int BARE_SAMPLES = 20;

    private final int drives;
    private final int samples;
    private final int server;
    private final int client;
    private final Guest guest;
    private final List<String> jvmOptions;

    IdleRun(int drives, int samples, int server, int client, Guest guest, String policy, List<String> jvmOptions) {
        this.drives = drives;
        this.samples = samples;
        this.server = server;
        this.client = client;
        this.guest = guest;
        this.jvmOptions = new ArrayList<>(jvmOptions);
        this.jvmOptions.add("-Dvnvme.idle=" + policy);
    }

    void run() throws IOException, InterruptedException {
        List<SocketDevice> devices = new ArrayList<>();
        List<QueuePair> pairs = new ArrayList<>();
        try (EngineProcess engine = EngineProcess.start(server, DRIVE_BYTES, drives, jvmOptions)) {
            for (int i = 0; i < drives; i++) {
                SocketDevice device = open(engine.socket(i));
                devices.add(device);
                pairs.add(start(device));
            }
            // The compiler's work is not that of idle vNVMes.
            PinnedThread.call("warm-up", client, () -> warmUp(pairs));
            long pid = engine.pid();
            Histogram bare = BareWakeUp.measure(client, server, BARE_SAMPLES);
            System.out.printf(
                    "a bare thread woken by an eventfd after 1 s, for comparison: p50 %.1f us, p90 %.1f us, worst %.1f us%n",
                    bare.getValueAtPercentile(50) / 1e3, bare.getValueAtPercentile(90) / 1e3, bare.getMaxValue() / 1e3);
            double silent = cpuPercent(pid, List.of());
            double timers = cpuPercent(pid, pairs);
            System.out.printf(
                    "%d vNVMes: %.2f %% of a processor, with a command a second at each %.2f %%%n",
                    drives, silent, timers);
            Histogram latencies = PinnedThread.call(
                    "client", client, () -> afterSilence(devices.getFirst().ram(), pairs.getFirst()));
            System.out.printf(
                    "first read of 4 KiB after 1 s: p50 %.1f us, p90 %.1f us, p99 %.1f us, worst %.1f us, %d times%n",
                    latencies.getValueAtPercentile(50) / 1e3,
                    latencies.getValueAtPercentile(90) / 1e3,
                    latencies.getValueAtPercentile(99) / 1e3,
                    latencies.getMaxValue() / 1e3,
                    latencies.getTotalCount());
            devices.forEach(SocketDevice::close);
        }
    }

    private static boolean warmUp(List<QueuePair> pairs) {
        for (int i = 0; i < WARM_UP_COMMANDS; i++) {
            pairs.get(i % pairs.size()).execute(Command.flush(1)).orThrow();
            if (i % WARM_UP_BURST == 0) {
                sleepUntil(System.nanoTime() + WARM_UP_PAUSE_NS);
            }
        }
        return true;
    }

    private SocketDevice open(Path socket) {
        RamLayout layout = RamLayout.single(RAM_BYTES);
        return guest == Guest.MAPPED
                ? SocketDevice.open(socket, layout, 0)
                : SocketDevice.openTrapped(socket, layout, 0);
    }

    private QueuePair start(SocketDevice device) {
        NvmeDriver driver = NvmeDriver.start(device);
        if (guest == Guest.SHADOW) {
            driver.useShadowDoorbells(
                            device.ram().allocateContiguous(4096), device.ram().allocateContiguous(4096))
                    .orThrow();
        }
        QueuePair pair = driver.createPair(1, 64, -1);
        pair.execute(Command.flush(1)).orThrow();
        return pair;
    }

    /** @param active each of them does a command a second meanwhile */
    private static double cpuPercent(long pid, List<QueuePair> active) {
        long fromNs = System.nanoTime();
        long cpuNs = Cpu.processCpuTimeNs(pid);
        long commands = active.size() * MEASURE_NS / SILENCE_NS;
        for (long i = 0; i < commands; i++) {
            sleepUntil(fromNs + i * MEASURE_NS / commands);
            active.get((int) (i % active.size())).execute(Command.flush(1)).orThrow();
        }
        sleepUntil(fromNs + MEASURE_NS);
        return (Cpu.processCpuTimeNs(pid) - cpuNs) * 100.0 / (System.nanoTime() - fromNs);
    }

    private Histogram afterSilence(GuestRam ram, QueuePair pair) {
        Buffer data = ram.allocate(READ_BLOCKS * 512L);
        Command read = Command.read(1, 0, READ_BLOCKS).data(Prp.of(data));
        for (int i = 0; i < WARM_UP_COMMANDS; i++) {
            pair.execute(read).orThrow();
        }
        Histogram latencies = new Histogram(3);
        for (int i = 0; i < samples; i++) {
            sleepUntil(System.nanoTime() + SILENCE_NS);
            // A few milliseconds awake first: what is measured is the server's way out of its sleep, not the client's.
            long spinUntilNs = System.nanoTime() + 3_000_000;
            while (System.nanoTime() - spinUntilNs < 0) {
                Thread.onSpinWait();
            }
            long fromNs = System.nanoTime();
            pair.execute(read).orThrow();
            latencies.recordValue(System.nanoTime() - fromNs);
        }
        return latencies;
    }

    private static void sleepUntil(long atNs) {
        for (long leftNs = atNs - System.nanoTime(); leftNs > 0; leftNs = atNs - System.nanoTime()) {
            LockSupport.parkNanos(leftNs);
        }
    }

    static Guest guest(String name) {
        return Guest.valueOf(name.toUpperCase(Locale.ROOT));
    }
}
