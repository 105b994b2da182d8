package io.vnvme.bench.campaign;

import io.vnvme.bench.Sample;
import io.vnvme.bench.load.Traffic;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A run of fio, and its one-line report (fio's terse format, version 3). */
final class FioRun {
    private static final int READ = 5;
    private static final int WRITE = 46;
    private static final int IOPS = 2;
    private static final int PERCENTILES = 12;
    private static final int PERCENTILE_COUNT = 20;

    private FioRun() {}

    /** The options of a timed run. */
    static List<String> job(Traffic traffic, Duration warmUp, Duration length) {
        String kind = traffic.readPercent() == 100 ? "read" : traffic.readPercent() == 0 ? "write" : "rw";
        List<String> job = new ArrayList<>(List.of(
                "--rw=" + (traffic.sequential() || kind.equals("rw") ? "" : "rand") + kind,
                "--bs=" + traffic.blockBytes(),
                "--iodepth=" + traffic.depth(),
                "--norandommap",
                "--randrepeat=0",
                "--time_based",
                "--ramp_time=" + warmUp.toMillis() + "ms",
                "--runtime=" + length.toMillis() + "ms"));
        if (kind.equals("rw")) {
            job.set(0, traffic.sequential() ? "--rw=rw" : "--rw=randrw");
            job.add("--rwmixread=" + traffic.readPercent());
        }
        return job;
    }

    /** @param command fio and its options, without those of the report */
    static String run(List<String> command) throws IOException {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of("--output-format=terse", "--terse-version=3"));
        Process process = new ProcessBuilder(all).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException("fio failed: " + output);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while fio ran", e);
        }
        return output;
    }

    /** The start of a command line that measures a file or a device's name. */
    static List<String> command(Path fio, int cpu, String... options) {
        List<String> command = new ArrayList<>(List.of(fio.toString(), "--name=bench", "--cpus_allowed=" + cpu));
        command.addAll(List.of(options));
        return command;
    }

    /** Reads a report; latencies are those of the reads where there are both. */
    static Sample sample(String output, Traffic traffic, double cpuUsPerIo) throws IOException {
        String line = output.lines()
                .filter(l -> l.startsWith("3;fio-"))
                .findFirst()
                .orElseThrow(() -> new IOException("fio gave no report: " + output));
        List<String> fields = List.of(line.split(";", -1));
        double iops = Double.parseDouble(fields.get(READ + IOPS)) + Double.parseDouble(fields.get(WRITE + IOPS));
        int first = (traffic.readPercent() == 0 ? WRITE : READ) + PERCENTILES;
        List<String> percentiles = fields.subList(first, first + PERCENTILE_COUNT);
        return new Sample(
                iops, percentile(percentiles, "50.000000%="), percentile(percentiles, "99.000000%="), cpuUsPerIo);
    }

    private static double percentile(List<String> fields, String prefix) throws IOException {
        return fields.stream()
                .filter(field -> field.startsWith(prefix))
                .mapToDouble(field -> Double.parseDouble(field.substring(prefix.length())))
                .findFirst()
                .orElseThrow(() -> new IOException("fio's report lacks " + prefix));
    }
}
