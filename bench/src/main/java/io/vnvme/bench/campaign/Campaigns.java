package io.vnvme.bench.campaign;

import io.avaje.jsonb.Json;
import io.avaje.jsonb.Jsonb;
import io.vnvme.bench.pool.PoolCampaign;
import io.vnvme.os.Cpu;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The benchmarks of {@code ./dev bench}, and where their results go. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measures a vNVMe's engine: throughput beside the machine's limits, and what a hundred cost.")
public final class Campaigns implements Callable<Integer> {
    @Option(names = "--repeats", description = "Repeats of each measurement (default: ${DEFAULT-VALUE}).")
    private int repeats = 5;

    @Option(names = "--seconds", description = "Length of each (default: ${DEFAULT-VALUE}).")
    private double seconds = 1;

    @Option(names = "--drives", description = "vNVMes in the footprint, at least 2 (default: ${DEFAULT-VALUE}).")
    private int drives = 100;

    @Option(
            names = "--file",
            paramLabel = "FOLDER",
            description = "Measures instead a drive that is a file there, beside fio's io_uring on the same file.")
    private @Nullable Path fileFolder;

    @Option(names = "--pool", description = "Measures instead what thin volumes, snapshots and clones cost.")
    private boolean pool;

    @Option(
            names = "--import",
            paramLabel = "FOLDER",
            description = "Measures instead how long a pool of 20 TiB, sparse files there, takes to import.")
    private @Nullable Path importFolder;

    @Option(names = "--json", paramLabel = "FILE", description = "Also writes the results there.")
    private @Nullable Path json;

    @Option(
            names = "--jvm",
            split = " ",
            description = "Options of the engine's JVM (default: those of ./vnvme daemon).")
    private List<String> jvmOptions = List.of("-XX:+UseZGC", "-Xms32m", "-Xmx128m");

    /** All results, as they are written to a file. */
    @Json(naming = Json.Naming.LowerUnderscore)
    public record Report(List<ThroughputFigure> throughput, Footprint footprint) {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Campaigns()).execute(arguments));
    }

    @Override
    public Integer call() {
        BitSet cpus = Cpu.allowed();
        if (cpus.cardinality() < 2) {
            System.err.println("bench: needs two processors, one for each side");
            return 1;
        }
        int server = cpus.length() - 1;
        int client = cpus.nextSetBit(0);
        Duration length = Duration.ofNanos((long) (seconds * 1e9));
        try {
            if (pool) {
                new PoolCampaign(repeats, server, client, jvmOptions).run();
                return 0;
            }
            if (importFolder != null) {
                PoolCampaign.imports(importFolder, jvmOptions);
                return 0;
            }
            if (fileFolder != null) {
                System.out.print(
                        FileDrive.table(new FileDrive(fileFolder, repeats, length, server, client, jvmOptions).run()));
                return 0;
            }
            List<ThroughputFigure> figures = new Throughput(repeats, length, server, client, jvmOptions).run();
            System.out.print(Throughput.table(figures));
            Footprint footprint = Footprint.measure(drives, server, jvmOptions);
            System.out.printf(
                    "%n%d vNVMes in one process, a guest at each: %.0f MiB resident;"
                            + " ready after %.2f ms (slowest %.2f, the first of a new JVM %.0f)%n",
                    footprint.drives(),
                    footprint.residentMib(),
                    footprint.createMsMedian(),
                    footprint.createMsWorst(),
                    footprint.createMsFirst());
            if (json != null) {
                Report report = new Report(figures, footprint);
                Files.writeString(
                        json, Jsonb.builder().build().type(Report.class).toJsonPretty(report) + "\n");
            }
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
