package io.vnvme.bench.campaign;

import io.vnvme.bench.HostBench;
import io.vnvme.bench.WatchedReads;
import io.vnvme.bench.WatchedReads.Outcome;
import io.vnvme.bench.load.PinnedThread;
import io.vnvme.bench.report.Median;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/** What a guest with 4 KiB reads at depth 1 feels of requests to the REST API of the daemon that serves it. */
final class ApiRun {
    private static final long SIZE_BYTES = 256L << 20;
    private static final String DRIVE = "ram:320M";
    private static final String NAME = "d";
    private static final Duration JIT_TIME = Duration.ofSeconds(5);
    private static final Duration LENGTH = Duration.ofSeconds(4);
    private static final long CALL_INTERVAL_NS = 10_000_000;
    private static final long BURST_INTERVAL_NS = 1_000_000_000;
    private static final List<String> PATHS = List.of(
            "/api/v1/vnvmes",
            "/api/v1/vnvmes/" + NAME,
            "/api/v1/reactors",
            "/api/v1/pools",
            "/api/v1/system",
            "/api/v1/drives");

    private final int rounds;
    private final int clients;
    private final int server;
    private final int client;
    private final BenchDaemon.Options options;
    private final PrintStream out;

    /** @param clients of the API: one, or as many that come all at once */
    ApiRun(int rounds, int clients, int server, int client, BenchDaemon.Options options, PrintStream out) {
        this.rounds = rounds;
        this.clients = clients;
        this.server = server;
        this.client = client;
        this.options = options;
        this.out = out;
    }

    /** Calls the API until it is ended: one client a hundred times a second, many once a second and all at once. */
    private final class Caller {
        private final BenchDaemon daemon;
        private final long intervalNs = clients == 1 ? CALL_INTERVAL_NS : BURST_INTERVAL_NS;
        private final LongAdder calls = new LongAdder();
        private final List<Thread> threads = new ArrayList<>();
        private volatile boolean ends;

        Caller(BenchDaemon daemon) throws InterruptedException {
            this.daemon = daemon;
            long startNs = System.nanoTime() + CALL_INTERVAL_NS;
            // Away from the reactor: threads stay where the one is that starts them.
            PinnedThread.call("callers", client, () -> {
                for (int i = 0; i < clients; i++) {
                    int first = i;
                    threads.add(Thread.ofPlatform().name("caller-" + i).daemon().start(() -> call(first, startNs)));
                }
                return clients;
            });
        }

        private void call(int first, long startNs) {
            long nextNs = startNs;
            for (int i = first; !ends; i++) {
                LockSupport.parkNanos(nextNs - System.nanoTime());
                daemon.get(PATHS.get(i % PATHS.size()));
                calls.increment();
                nextNs += intervalNs;
            }
        }

        long end() throws InterruptedException {
            ends = true;
            for (Thread thread : threads) {
                thread.join();
            }
            return calls.sum();
        }
    }

    void run() throws IOException, InterruptedException {
        try (BenchDaemon daemon = BenchDaemon.start(server, options)) {
            Path socket = daemon.create(NAME, DRIVE, null, SIZE_BYTES);
            HostBench.fill(socket);
            List<Outcome> quiet = new ArrayList<>();
            List<Outcome> called = new ArrayList<>();
            long[] calls = new long[1];
            try (WatchedReads reads = new WatchedReads(socket)) {
                called(daemon, reads, JIT_TIME);
                for (int round = 0; round < rounds; round++) {
                    for (boolean calling : new boolean[] {round % 2 == 0, round % 2 != 0}) {
                        if (calling) {
                            called.add(called(daemon, reads, LENGTH, calls));
                        } else {
                            quiet.add(pinned(reads, LENGTH));
                        }
                    }
                }
            }
            print(quiet, called, calls[0] / (rounds * (double) LENGTH.toSeconds()));
        }
    }

    private void called(BenchDaemon daemon, WatchedReads reads, Duration length) throws InterruptedException {
        called(daemon, reads, length, new long[1]);
    }

    private Outcome called(BenchDaemon daemon, WatchedReads reads, Duration length, long[] calls)
            throws InterruptedException {
        Caller caller = new Caller(daemon);
        try {
            return pinned(reads, length);
        } finally {
            calls[0] += caller.end();
        }
    }

    private Outcome pinned(WatchedReads reads, Duration length) throws InterruptedException {
        return PinnedThread.call("client", client, () -> reads.run(length));
    }

    private void print(List<Outcome> quiet, List<Outcome> called, double callsPerSecond) {
        out.println("medians of the rounds in us; the worst of all rounds");
        out.println("| API | client away | p50 | p99 | p99.9 | p99.99 | worst |");
        out.println("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
        String calls = String.format(Locale.ROOT, "%.0f calls a second by %d", callsPerSecond, clients);
        line("no calls", "counted", quiet, Outcome::all);
        line("no calls", "left out", quiet, Outcome::watched);
        line(calls, "counted", called, Outcome::all);
        line(calls, "left out", called, Outcome::watched);
    }

    private void line(String api, String away, List<Outcome> outcomes, Function<Outcome, Histogram> which) {
        List<Histogram> all = outcomes.stream().map(which).toList();
        out.println(String.format(
                Locale.ROOT,
                "| %s | %s | %.2f | %.2f | %.1f | %.1f | %.0f |",
                api,
                away,
                median(all, h -> h.getValueAtPercentile(50)),
                median(all, h -> h.getValueAtPercentile(99)),
                median(all, h -> h.getValueAtPercentile(99.9)),
                median(all, h -> h.getValueAtPercentile(99.99)),
                all.stream().mapToLong(Histogram::getMaxValue).max().orElse(0) / 1e3));
    }

    private static double median(List<Histogram> histograms, ToDoubleFunction<Histogram> ns) {
        return Median.of(histograms.stream().mapToDouble(ns).toArray()) / 1e3;
    }
}
