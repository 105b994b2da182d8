package io.vnvme.bench.demo;

import io.vnvme.bench.Sample;
import io.vnvme.bench.load.Workload;
import io.vnvme.bench.report.Way;
import io.vnvme.bench.report.Where;
import io.vnvme.os.Cpu;
import io.vnvme.testkit.lab.Vm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** fio in the guest on every drive it has, round by round. */
final class GuestRounds {
    private static final int RAMP_SECONDS = 1;
    private static final int COUNTED_SECONDS = 2;
    private static final Duration LIMIT = Duration.ofMinutes(1);
    /** fio's start takes a while in an emulated guest; this window lies inside its steady part. */
    private static final Duration BEFORE_WINDOW = Duration.ofMillis(1500);

    private static final Duration WINDOW = Duration.ofSeconds(1);
    private static final double US_PER_S = 1e6;

    private final Vm vm;
    private final long daemonPid;
    private final Map<Way, String> devices;
    private final Progress progress;
    private String fioVersion = "";

    /** @param devices block devices in the guest */
    GuestRounds(Vm vm, long daemonPid, Map<Way, String> devices, Progress progress) {
        this.vm = vm;
        this.daemonPid = daemonPid;
        this.devices = devices;
        this.progress = progress;
    }

    /** Measures every drive and workload once in each round, in turning order. */
    Series run(int rounds) throws InterruptedException {
        Series series = new Series(Where.GUEST);
        int total = rounds * devices.size() * Workload.values().length;
        int number = 0;
        for (int round = 0; round < rounds; round++) {
            List<Way> order = new ArrayList<>(devices.keySet());
            Collections.rotate(order, round);
            for (Workload workload : Workload.values()) {
                for (Way way : order) {
                    number++;
                    progress.doing("fio " + number + " of " + total + ": " + way.title() + ", " + workload.words());
                    series.add(way, workload, measure(way, workload));
                }
            }
        }
        return series;
    }

    /** The version of the guest's fio, known after {@link #run}. */
    String fioVersion() {
        return fioVersion;
    }

    private Sample measure(Way way, Workload workload) throws InterruptedException {
        String device = Objects.requireNonNull(devices.get(way));
        String command = Fio.command(device, workload, RAMP_SECONDS, COUNTED_SECONDS);
        FutureTask<String> fio = new FutureTask<>(() -> vm.sh(command, LIMIT));
        Thread.ofPlatform().name("fio").daemon().start(fio);
        Thread.sleep(BEFORE_WINDOW);
        long cpuBefore = cpuNs(way);
        long before = System.nanoTime();
        Thread.sleep(WINDOW);
        double share = (cpuNs(way) - cpuBefore) / (double) (System.nanoTime() - before);
        try {
            Fio.Outcome outcome = Fio.parse(fio.get(), workload);
            fioVersion = outcome.version();
            return new Sample(outcome.iops(), outcome.p50Us(), outcome.p99Us(), share * US_PER_S / outcome.iops());
        } catch (ExecutionException e) {
            Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
            throw new DemoException("fio on " + device + ": " + cause.getMessage(), cause);
        }
    }

    /** QEMU's own time, and for the vNVMe the daemon's too. */
    private long cpuNs(Way way) {
        long qemu = Cpu.processCpuTimeNs(vm.pid());
        return way == Way.VNVME ? qemu + Cpu.processCpuTimeNs(daemonPid) : qemu;
    }
}
