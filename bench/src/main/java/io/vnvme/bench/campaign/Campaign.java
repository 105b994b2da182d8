package io.vnvme.bench.campaign;

import io.vnvme.bench.load.Neighbours;
import io.vnvme.bench.report.Facts;
import io.vnvme.testkit.lab.Lab;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A vNVMe beside what an engineer would use instead, and beside the machine's limits, all in one run. */
final class Campaign {
    private static final long SIZE_BYTES = 512L << 20;
    private static final int FOOTPRINT_DRIVES = 100;
    private static final List<String> FOOTPRINT_OPTIONS = List.of("-XX:+UseZGC", "-Xms32m", "-Xmx128m");

    private final Plan plan;
    private final boolean quick;
    private final int serverCpu;
    private final int clientCpu;
    private final BenchDaemon.Options options;
    private final @Nullable Path fileFolder;
    private final List<String> missing = new ArrayList<>();

    /**
     * @param fileFolder where the file drive is made; null: it is left out
     * @param options of the daemon
     */
    Campaign(
            Plan plan,
            boolean quick,
            int serverCpu,
            int clientCpu,
            @Nullable Path fileFolder,
            BenchDaemon.Options options) {
        this.plan = plan;
        this.quick = quick;
        this.serverCpu = serverCpu;
        this.clientCpu = clientCpu;
        this.fileFolder = fileFolder;
        this.options = options;
    }

    CampaignReport run() throws IOException {
        Instant at = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        long begunNs = System.nanoTime();
        List<Contender> contenders = new ArrayList<>();
        // A folder of its own: the daemon makes the file, and takes none that is there.
        Path folder = fileFolder == null ? null : Files.createTempDirectory(fileFolder, "vnvme-bench");
        Path file = folder == null ? null : folder.resolve("drive");
        try {
            say("preparing");
            prepare(contenders, file);
            Rounds rounds = new Rounds(plan, contenders, serverCpu, clientCpu);
            Neighbours neighbours = new Neighbours();
            rounds.run(Campaign::say);
            double otherLoad = neighbours.share();
            Footprint footprint = quick ? null : Footprint.measure(FOOTPRINT_DRIVES, serverCpu, FOOTPRINT_OPTIONS);
            return new CampaignReport(
                    at.toString(),
                    (System.nanoTime() - begunNs) / 1e9,
                    quick,
                    Facts.machine(),
                    Runtime.version().toString(),
                    otherLoad,
                    missing,
                    rounds.figures(),
                    rounds.ratios(),
                    footprint);
        } finally {
            close(contenders);
            if (folder != null && file != null) {
                Files.deleteIfExists(file);
                Files.delete(folder);
            }
        }
    }

    private void prepare(List<Contender> contenders, @Nullable Path file) throws IOException {
        Lab lab = Lab.prepare();
        contenders.add(Ours.start(serverCpu, clientCpu, SIZE_BYTES, file, options));
        contenders.add(new MemoryLimit(SIZE_BYTES));
        contenders.add(StorageDaemonPeer.start(lab, serverCpu, SIZE_BYTES));
        if (!quick) {
            Path fio = lab.program("fio");
            if (fileFolder != null) {
                contenders.add(FioFile.create(fio, fileFolder, serverCpu, SIZE_BYTES));
            }
            Optional<Path> nbdkit = NbdkitPeer.program();
            if (nbdkit.isPresent()) {
                contenders.add(NbdkitPeer.start(nbdkit.get(), fio, serverCpu, SIZE_BYTES));
            } else {
                missing.add("nbdkit is not installed");
            }
        }
    }

    private static void close(List<Contender> contenders) throws IOException {
        IOException failure = null;
        for (Contender contender : contenders) {
            try {
                contender.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private static void say(String what) {
        System.err.println("bench: " + what);
    }
}
