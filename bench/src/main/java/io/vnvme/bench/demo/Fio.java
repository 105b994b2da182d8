package io.vnvme.bench.demo;

import io.vnvme.bench.load.Workload;
import java.util.List;

/** fio's command line and its one-line report (fio's terse format, version 3). */
final class Fio {
    private static final String MARK = "3;fio-";
    private static final int FIELD_VERSION = 1;
    private static final int FIELD_ERROR = 4;
    private static final int FIELD_READ = 5;
    private static final int FIELD_WRITE = 46;
    private static final int OFFSET_IOPS = 2;
    private static final int OFFSET_PERCENTILES = 12;
    private static final int PERCENTILES = 20;

    private Fio() {}

    /**
     * What one run found.
     *
     * @param p50Us median completion latency in microseconds
     */
    record Outcome(String version, double iops, double p50Us, double p99Us) {}

    /** A run over a whole block device: 4 KiB, 64 in flight, libaio, direct. */
    static String command(String device, Workload workload, int rampSeconds, int seconds) {
        return "fio --name=demo --filename=" + device + " --rw=" + workload.fioName()
                + " --bs=4k --iodepth=64 --ioengine=libaio --direct=1 --norandommap --randrepeat=0 --group_reporting"
                + " --time_based --ramp_time=" + rampSeconds + " --runtime=" + seconds
                + " --output-format=terse --terse-version=3";
    }

    /**
     * Reads what the command printed.
     *
     * @throws DemoException when fio reports an error or something that is no report
     */
    static Outcome parse(String output, Workload workload) {
        String line = output.lines()
                .filter(l -> l.startsWith(MARK))
                .findFirst()
                .orElseThrow(() -> new DemoException("fio gave no report: " + output));
        List<String> fields = List.of(line.split(";", -1));
        int first = workload.writes() ? FIELD_WRITE : FIELD_READ;
        if (fields.size() < first + OFFSET_PERCENTILES + PERCENTILES) {
            throw new DemoException("fio's report has " + fields.size() + " fields: " + line);
        }
        if (!fields.get(FIELD_ERROR).equals("0")) {
            throw new DemoException("fio ended with error " + fields.get(FIELD_ERROR));
        }
        return new Outcome(
                fields.get(FIELD_VERSION).replace("fio-", ""),
                Double.parseDouble(fields.get(first + OFFSET_IOPS)),
                percentile(fields, first, "50.000000%="),
                percentile(fields, first, "99.000000%="));
    }

    private static double percentile(List<String> fields, int first, String prefix) {
        return fields.subList(first + OFFSET_PERCENTILES, first + OFFSET_PERCENTILES + PERCENTILES).stream()
                .filter(field -> field.startsWith(prefix))
                .mapToDouble(field -> Double.parseDouble(field.substring(prefix.length())))
                .findFirst()
                .orElseThrow(() -> new DemoException("fio's report lacks the percentile " + prefix));
    }
}
