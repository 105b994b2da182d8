package io.vnvme.bench.command;

import io.avaje.jsonb.Jsonb;
import io.vnvme.bench.SocketTraffic;
import io.vnvme.bench.SocketTraffic.Outcome;
import io.vnvme.bench.load.PinnedThread;
import io.vnvme.bench.load.Traffic;
import io.vnvme.control.cli.ApiClient;
import io.vnvme.control.cli.CliException;
import io.vnvme.control.cli.ClientCommand;
import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.ReactorInfo;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.os.Cpu;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures a vNVMe from outside: by its socket, with a driver that polls, in a process of its own. */
@Command(
        name = "bench",
        description = "Measure a vNVMe through its socket, with a polled driver in a process of its own.",
        footer = {
            "The vNVMe must be idle: a drive that a VM has is not touched. The client polls on a processor of its own; with",
            "only one processor beside the reactor's others disturb it. --verify checks every read against what this run wrote."
        })
public final class BenchCommand extends ClientCommand {
    private static final Map<String, Integer> READ_PERCENT = Map.of("read", 100, "write", 0, "mixed", 70);
    private static final long BLOCK_MAX = 1 << 20;
    private static final int DEPTH_MAX = 1023;
    private static final int QUEUES_MAX = 64;

    @Parameters(paramLabel = "NAME", description = "an idle vNVMe")
    private String name = "";

    @Option(
            names = "--workload",
            paramLabel = "read|write|mixed",
            defaultValue = "read",
            description = "what to do; mixed is 70 %% reads (default: ${DEFAULT-VALUE})")
    private String workload = "read";

    @Option(names = "--sequential", description = "blocks in order (default: at random)")
    private boolean sequential;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            defaultValue = "4K",
            description = "size of each transfer, at most 1M (default: ${DEFAULT-VALUE})")
    private String size = "4K";

    @Option(
            names = "--depth",
            paramLabel = "N",
            defaultValue = "64",
            description = "transfers in flight in each queue (default: ${DEFAULT-VALUE})")
    private int depth = 64;

    @Option(
            names = "--queues",
            paramLabel = "N",
            defaultValue = "1",
            description = "I/O queue pairs (default: ${DEFAULT-VALUE})")
    private int queues = 1;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "5",
            description = "time that is counted, after a warm-up of 1 s (default: ${DEFAULT-VALUE})")
    private double seconds = 5;

    @Option(names = "--verify", description = "check what is read against what this run wrote")
    private boolean verify;

    @Option(names = "--yes", description = "do not ask whether the data may be overwritten")
    private boolean yes;

    @Override
    protected void run(ApiClient client) {
        Traffic traffic = traffic();
        VnvmeInfo vnvme = client.read(client.get("/api/v1/vnvmes/" + encoded(name)), VnvmeInfo.class);
        if (!vnvme.state().equals("idle")) {
            throw new CliException("%s is %s: nothing was done; a vNVMe that is in use is not measured"
                    .formatted(name, vnvme.state()));
        }
        if (traffic.writes() && !yes) {
            confirm("this overwrites what is on %s, all over its %s"
                    .formatted(name, ByteSize.format(vnvme.sizeBytes())));
        }
        List<ReactorInfo> reactors = client.readList(client.get("/api/v1/reactors"), ReactorInfo.class);
        Outcome outcome = measured(Path.of(vnvme.socket()), traffic, clientCpu(reactors));
        BenchResult result = BenchResult.of(name, traffic, seconds, outcome);
        print(json() ? Jsonb.builder().build().type(BenchResult.class).toJson(result) : result.text(verify));
        if (outcome.wrong() > 0) {
            throw new CliException("%d of %d reads found something else than what was written"
                    .formatted(outcome.wrong(), outcome.checked()));
        }
    }

    private Traffic traffic() {
        Integer readPercent = READ_PERCENT.get(workload);
        if (readPercent == null) {
            throw usage("'%s' is no workload: it is read, write or mixed".formatted(workload));
        }
        long bytes;
        try {
            bytes = ByteSize.parse(size);
        } catch (IllegalArgumentException e) {
            throw usage("--size: " + e.getMessage());
        }
        if (bytes < 512 || bytes > BLOCK_MAX || bytes % 512 != 0) {
            throw usage("--size %s: a transfer has 512 bytes to 1 MiB, in multiples of 512".formatted(size));
        }
        if (depth < 1 || depth > DEPTH_MAX || queues < 1 || queues > QUEUES_MAX) {
            throw usage("a depth of %d in %d queues: the depth is 1 to %d, queues are 1 to %d"
                    .formatted(depth, queues, DEPTH_MAX, QUEUES_MAX));
        }
        if (!(seconds > 0 && seconds <= 86_400)) {
            throw usage("--seconds %s: above 0, at most a day".formatted(seconds));
        }
        if (verify && readPercent == 100) {
            throw usage("--verify needs a workload that writes: --workload mixed");
        }
        return new Traffic(readPercent, sequential, (int) bytes, depth, queues);
    }

    private Outcome measured(Path socket, Traffic traffic, int cpu) {
        Duration length = Duration.ofNanos((long) (seconds * 1e9));
        try {
            return cpu < 0
                    ? SocketTraffic.run(socket, traffic, Duration.ofSeconds(1), length, verify)
                    : PinnedThread.call(
                            "bench",
                            cpu,
                            () -> SocketTraffic.run(socket, traffic, Duration.ofSeconds(1), length, verify));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CliException("interrupted", e);
        } catch (RuntimeException e) {
            Throwable cause = e.getCause();
            throw new CliException(
                    "%s cannot be measured: %s".formatted(name, (cause == null ? e : cause).getMessage()), e);
        }
    }

    /** The highest processor of this process that no reactor has; -1 when there is none. */
    private static int clientCpu(List<ReactorInfo> reactors) {
        BitSet free = Cpu.allowed();
        for (ReactorInfo reactor : reactors) {
            if (reactor.cpu() >= 0) {
                free.clear(reactor.cpu());
            }
        }
        return free.length() - 1;
    }
}
