package io.vnvme.bench.campaign;

import io.vnvme.bench.pool.PoolCampaign;
import io.vnvme.bench.pool.ReactorsRun;
import io.vnvme.bench.report.LineChart;
import io.vnvme.bench.socket.SocketsRun;
import io.vnvme.bench.tcp.RemoteRun;
import io.vnvme.bench.tcp.TcpRun;
import io.vnvme.os.Cpu;
import io.vnvme.testkit.lab.Lab;
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
        description =
                "Measures vNVMes beside what would be used instead and beside the machine's limits; writes docs/bench.")
public final class Campaigns implements Callable<Integer> {
    private static final List<String> ENGINE_OPTIONS = List.of("-XX:+UseZGC", "-Xms32m", "-Xmx128m");
    private static final int IDLE_SAMPLES = 60;
    private static final int IDLE_DRIVES = 100;

    @Option(names = "--repeats", description = "Rounds (default: ${DEFAULT-VALUE}).")
    private int repeats = 5;

    @Option(names = "--quick", description = "Measures the main points alone, in less than 90 s; writes no page.")
    private boolean quick;

    @Option(names = "--json", paramLabel = "FILE", description = "Also writes the results there.")
    private @Nullable Path json;

    @Option(names = "--out", paramLabel = "FOLDER", description = "Where page and pictures go (default: docs/bench).")
    private @Nullable Path out;

    @Option(
            names = "--folder",
            paramLabel = "FOLDER",
            description = "Where the file drive of the campaign is made (default: target).")
    private @Nullable Path folder;

    @Option(names = "--start", description = "Measures instead how fast a daemon is in its first seconds.")
    private boolean start;

    @Option(names = "--seconds", description = "With --file: length of each measurement (default: ${DEFAULT-VALUE}).")
    private double seconds = 1;

    @Option(
            names = "--file",
            paramLabel = "FOLDER",
            description = "Measures instead a drive that is a file there, beside fio's io_uring on the same file.")
    private @Nullable Path fileFolder;

    @Option(names = "--pool", description = "Measures instead what thin volumes and flushes cost.")
    private boolean pool;

    @Option(
            names = "--snapshots",
            description =
                    "Measures instead snapshots and clones of a volume of 1 TiB, and what its guest feels of them.")
    private boolean snapshots;

    @Option(
            names = "--reactors",
            description = "Measures instead what two reactors do together for what each does alone.")
    private boolean reactors;

    @Option(
            names = "--lend",
            description = "With --reactors: what one pool gains when a second reactor makes copies for it.")
    private boolean lend;

    @Option(
            names = "--neighbour",
            description = "Measures instead what a guest with small reads feels of one with large ones.")
    private boolean neighbour;

    @Option(
            names = "--tcp",
            description = "Measures instead NVMe/TCP on the loopback, beside an echo of the same bytes.")
    private boolean tcp;

    @Option(
            names = "--sockets",
            description =
                    "Measures instead sockets of the loopback: by calls and by io_uring; with a copy before and without.")
    private boolean sockets;

    @Option(
            names = "--remote",
            description = "Measures instead a pool on a remote drive, beside the target of that drive alone.")
    private boolean remote;

    @Option(names = "--api", description = "Measures instead what a guest feels of requests to the REST API.")
    private boolean api;

    @Option(
            names = "--clients",
            paramLabel = "N",
            description =
                    "With --api: one that calls 100 times a second, or so many that call once a second, all at once.")
    private int clients = 1;

    @Option(
            names = "--import",
            paramLabel = "FOLDER",
            description = "Measures instead how long a pool of 20 TiB, sparse files there, takes to import.")
    private @Nullable Path importFolder;

    @Option(
            names = "--idle",
            paramLabel = "POLICY",
            description = "Measures instead what vNVMes that nobody uses cost: poll, adaptive or interrupt.")
    private @Nullable String idle;

    @Option(
            names = "--guest",
            paramLabel = "DOORBELLS",
            description = "With --idle: shadow, trapped or mapped (default: ${DEFAULT-VALUE}).")
    private String guest = "shadow";

    @Option(
            names = "--jvm",
            split = " ",
            description = "Options of the measured JVM (default: those of ./vnvme daemon).")
    private List<String> jvmOptions = List.of();

    @Option(
            names = "--daemon",
            split = " ",
            description = "More options of the measured 'vnvme daemon', such as '--rehearsal 0'.")
    private List<String> daemonOptions = List.of();

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
        try {
            if (idle != null) {
                new IdleRun(IDLE_DRIVES, IDLE_SAMPLES, server, client, IdleRun.guest(guest), idle, ENGINE_OPTIONS)
                        .run();
                return 0;
            }
            if (api) {
                new ApiRun(repeats, clients, server, client, daemon(), System.out).run();
                return 0;
            }
            if (tcp) {
                new TcpRun(repeats, server, client, System.out).run();
                return 0;
            }
            if (sockets) {
                new SocketsRun(repeats, server, client, System.out).run();
                return 0;
            }
            if (remote) {
                new RemoteRun(repeats, server, client, System.out).run();
                return 0;
            }
            if (neighbour) {
                new NeighbourRun(repeats, server, client, engineOptions(), System.out).run();
                return 0;
            }
            return run(server, client);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private int run(int server, int client) throws IOException {
        List<String> engineOptions = engineOptions();
        if (reactors) {
            ReactorsRun both = new ReactorsRun(repeats, new int[] {server, client}, System.out);
            if (lend) {
                both.lend();
            } else {
                both.run();
            }
        } else if (pool) {
            new PoolCampaign(repeats, server, client, engineOptions).run();
        } else if (snapshots) {
            System.out.print(PoolCampaign.snapshots(server, client, engineOptions));
        } else if (importFolder != null) {
            PoolCampaign.imports(importFolder, engineOptions);
        } else if (fileFolder != null) {
            Duration length = Duration.ofNanos((long) (seconds * 1e9));
            FileDrive drive = new FileDrive(fileFolder, repeats, length, server, client, engineOptions);
            System.out.print(FileDrive.table(drive.run()));
        } else if (start) {
            System.out.print(FirstSecond.table(FirstSecond.measure(repeats, server, client, daemon())));
        } else {
            compare(server, client);
        }
        return 0;
    }

    private List<String> engineOptions() {
        return jvmOptions.isEmpty() ? ENGINE_OPTIONS : jvmOptions;
    }

    private BenchDaemon.Options daemon() {
        return new BenchDaemon.Options(jvmOptions, daemonOptions);
    }

    private void compare(int server, int client) throws IOException {
        Path home = Path.of(System.getProperty("vnvme.home", "."));
        Plan plan = quick ? Plan.quick(repeats) : Plan.full(repeats);
        Path files = quick ? null : folder == null ? home.resolve("target") : folder;
        CampaignReport report = new Campaign(plan, quick, server, client, files, daemon()).run();
        System.out.print(Markdown.summary(report));
        if (json != null) {
            Files.writeString(json, report.json());
        }
        if (!quick) {
            Path pages =
                    Files.createDirectories(out == null ? home.resolve("docs").resolve("bench") : out);
            LineChart.useFonts(Lab.prepare().fonts());
            Files.writeString(pages.resolve("README.md"), Markdown.of(report, Charts.write(report, pages)));
            Files.writeString(pages.resolve("results.json"), report.json());
            System.out.println("written: " + pages.resolve("README.md"));
        }
    }
}
