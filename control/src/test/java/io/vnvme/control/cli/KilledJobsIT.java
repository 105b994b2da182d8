package io.vnvme.control.cli;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DriveNames;
import io.vnvme.control.model.ExportVolume;
import io.vnvme.control.model.FoundPool;
import io.vnvme.control.model.ImportVolume;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.PoolInfo;
import io.vnvme.testkit.seed.Seed;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The daemon ends, killed or orderly, in the middle of imports, exports and scrubs: each goes on with its number, and what comes of
 * it is right, byte for byte. {@code -Dvnvme.job.mib=2048} is the long version, with more marks to go on from.
 */
class KilledJobsIT {
    private static final int SIZE_MIB = Integer.getInteger("vnvme.job.mib", 128);
    /** A job that was over before the daemon ended is tried again. */
    private static final int TRIES = 20;

    /** Ends the daemon. */
    private interface End {
        void end() throws InterruptedException;
    }

    @TempDir
    Path folder;

    private final SplittableRandom random = Seed.ofRun("KilledJobsIT").random();
    private DaemonUnderTest daemon;
    private Path image;

    @BeforeEach
    void setUp() throws IOException, InterruptedException {
        image = folder.resolve("image.raw");
        try (FileChannel channel = FileChannel.open(image, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            byte[] noise = new byte[1 << 20];
            for (int i = 0; i < SIZE_MIB; i++) {
                random.nextBytes(noise);
                channel.write(ByteBuffer.wrap(noise));
            }
        }
        daemon = new DaemonUnderTest(folder);
        daemon.vnvme("drive", "claim", folder.resolve("drive.img").toString(), "--size", "8G");
        // The pool comes with it.
        daemon.vnvme("create", "first", "--size", "4K");
    }

    @AfterEach
    void tearDown() {
        daemon.close();
    }

    private JobInfo job(long id, int waitMs) {
        ApiClient api = daemon.api();
        return api.read(api.get("/api/v1/jobs/%d?waitMs=%d".formatted(id, waitMs)), JobInfo.class);
    }

    private JobInfo post(String path, Object body) {
        ApiClient api = daemon.api();
        return api.read(api.post(path, body), JobInfo.class);
    }

    /** Begins a job and has the daemon end in it, some way in; again until it was not over before. @return it, when it has ended */
    private JobInfo interrupted(Supplier<JobInfo> begin, End end) throws IOException, InterruptedException {
        for (int tries = 1; tries <= TRIES; tries++) {
            JobInfo job = begin.get();
            double until = random.nextDouble() * 0.7;
            while (job.state().equals("running") && job.progress() <= until) {
                job = job(job.id(), 1);
            }
            end.end();
            long marks = marks(job.id());
            daemon.startAgain();
            JobInfo after = job(job.id(), 60_000);
            assertThat(after.state()).as(after.result()).isEqualTo("done");
            assertThat(after.kind()).isEqualTo(job.kind());
            if (after.resumedAt() != null) {
                System.out.println("KilledJobsIT: %s had done %d of %d bytes and made %d marks"
                        .formatted(job.kind(), job.doneBytes(), job.totalBytes(), marks));
                return after;
            }
        }
        throw new AssertionError("a job was over each time before the daemon ended");
    }

    /** Lines of the list of jobs for one, after the first. */
    private long marks(long id) throws IOException {
        try (Stream<String> lines = Files.lines(folder.resolve("state").resolve("jobs.jsonl"))) {
            return lines.filter(line -> line.startsWith("{\"id\":%d,".formatted(id)))
                            .count()
                    - 1;
        }
    }

    private String name(String before) {
        return before + random.nextInt(Integer.MAX_VALUE);
    }

    /** @return the last of them */
    private JobInfo checkAllKinds(End end) throws IOException, InterruptedException {
        JobInfo imported = interrupted(
                () -> post(
                        "/api/v1/vnvmes/import",
                        new ImportVolume(image.toString(), "raw", CreateVnvme.thin(name("i"), 0))),
                end);
        for (String format : new String[] {"raw", "qcow2"}) {
            JobInfo exported = interrupted(
                    () -> post(
                            "/api/v1/vnvmes/export",
                            new ExportVolume(
                                    imported.subject(),
                                    folder.resolve(name("o")).toString(),
                                    format,
                                    null)),
                    end);
            String result = requireNonNull(exported.result());
            Path file = Path.of(result.substring(0, result.indexOf(' ')));
            Path whole = format.equals("raw") ? image : exported(imported.subject(), format);
            assertThat(Files.mismatch(file, whole)).isEqualTo(-1);
            assertThat(file.resolveSibling(file.getFileName() + ".part")).doesNotExist();
        }
        ApiClient api = daemon.api();
        JobInfo scrubbed = interrupted(() -> api.read(api.post("/api/v1/pools/pool0/scrub"), JobInfo.class), end);
        assertThat(scrubbed.result()).contains("nothing is wrong");
        assertThat(scrubbed.doneBytes()).isLessThanOrEqualTo(scrubbed.totalBytes());
        return scrubbed;
    }

    /** One that nobody interrupts. */
    private Path exported(String volume, String format) throws IOException, InterruptedException {
        Path file = folder.resolve(name("whole"));
        daemon.vnvme("export", volume, file.toString(), "--format", format);
        return file;
    }

    @Test
    void jobsOfADaemonThatIsKilledGoOn() throws IOException, InterruptedException {
        checkAllKinds(daemon::kill);
        assertThat(daemon.vnvme("pool", "scrub", "pool0")).contains("nothing is wrong");
    }

    @Test
    void jobsOfADaemonThatIsStoppedGoOn() throws IOException, InterruptedException {
        JobInfo last = checkAllKinds(daemon::stop);
        assertThat(daemon.vnvme("jobs", "show", Long.toString(last.id()))).contains("after a restart of the daemon");
    }

    @Test
    void anImportOfAnImageThatWasChangedLeavesNothing() throws IOException, InterruptedException {
        JobInfo job = importWhileTheImageChanges();
        for (int tries = 1; tries < TRIES && job.state().equals("done"); tries++) {
            job = importWhileTheImageChanges();
        }
        assertThat(job.state()).isEqualTo("failed");
        assertThat(job.result()).contains("was changed while the daemon was away");
        assertThat(daemon.vnvme("ls", "--snapshots")).doesNotContain(job.subject(), "~");
    }

    private boolean has(String drive) {
        ApiClient api = daemon.api();
        return api.read(api.get("/api/v1/pools/pool0"), PoolInfo.class).members().stream()
                .anyMatch(member -> member.drive().equals(drive));
    }

    /** To the other drive, whichever has everything: an earlier one may have been over too soon. */
    private JobInfo shrink() {
        String from = has("drive") ? "drive" : "second";
        String to = from.equals("drive") ? "second" : "drive";
        if (!has(to)) {
            ApiClient api = daemon.api();
            api.read(api.post("/api/v1/pools/pool0/grow", new DriveNames(List.of(to))), PoolInfo.class);
        }
        return post("/api/v1/pools/pool0/shrink", new DriveNames(List.of(from)));
    }

    @Test
    void aShrinkGoesOnWithItsNumber() throws IOException, InterruptedException {
        daemon.vnvme("drive", "claim", folder.resolve("second.img").toString(), "--size", "8G", "--name", "second");
        daemon.vnvme("import", image.toString(), "full");
        // So much that its end is not there as soon as somebody sees that it is on its way.
        for (int i = 0; i < 3; i++) {
            daemon.vnvme("import", image.toString(), "more" + i);
        }
        JobInfo shrunk = interrupted(this::shrink, daemon::kill);
        assertThat(shrunk.kind()).isEqualTo("shrink");
        assertThat(has("drive")).isNotEqualTo(has("second"));
        Path file = exported("full", "raw");
        assertThat(Files.mismatch(file, image)).isEqualTo(-1);
    }

    /** What was filled is gone with the daemon. */
    @Test
    void anImportIntoRamEndsWithTheDaemon() throws IOException, InterruptedException {
        daemon.vnvme("drive", "claim", "ram:%dM".formatted(2 * SIZE_MIB), "--name", "memory");
        daemon.vnvme("pool", "create", "fast", "memory");
        JobInfo job = importInto("fast", daemon::kill);
        assertThat(job.state()).isEqualTo("failed");
        assertThat(job.result()).contains("since it is in RAM");
        assertThat(daemon.vnvme("ls", "--snapshots")).doesNotContain(job.subject(), "~");
    }

    /** Nothing is left of it in the pool, and it does not begin again when that is back. */
    @Test
    void anImportIntoAPoolThatIsGivenAwayFails() throws IOException, InterruptedException {
        JobInfo job = importInto("pool0", () -> {
            ApiClient api = daemon.api();
            api.read(api.post("/api/v1/pools/pool0/export"), FoundPool.class);
        });
        assertThat(job.state()).isEqualTo("failed");
        daemon.kill();
        daemon.startAgain();
        assertThat(job(job.id(), 0)).isEqualTo(job);
        daemon.vnvme("pool", "import", "pool0");
        assertThat(daemon.vnvme("ls", "--snapshots")).contains("first").doesNotContain(job.subject(), "~");
        assertThat(job(job.id(), 0)).isEqualTo(job);
    }

    /** Begins an import until one was not over before that happened. @return it, ended */
    private JobInfo importInto(String pool, End end) throws InterruptedException, IOException {
        for (int tries = 1; tries <= TRIES; tries++) {
            CreateVnvme wanted =
                    new CreateVnvme(name("i"), 0, pool, false, false, null, false, null, null, null, false, null);
            JobInfo job = post("/api/v1/vnvmes/import", new ImportVolume(image.toString(), "raw", wanted));
            while (job.state().equals("running") && job.doneBytes() == 0) {
                job = job(job.id(), 1);
            }
            end.end();
            if (pool.equals("fast")) {
                daemon.startAgain();
            }
            JobInfo after = job(job.id(), 60_000);
            if (!after.state().equals("done")) {
                return after;
            }
            if (!pool.equals("fast")) {
                daemon.vnvme("pool", "import", pool);
            }
            daemon.vnvme("rm", after.subject(), "--yes");
        }
        throw new AssertionError("an import was over each time before");
    }

    private JobInfo importWhileTheImageChanges() throws IOException, InterruptedException {
        JobInfo job = post(
                "/api/v1/vnvmes/import", new ImportVolume(image.toString(), "raw", CreateVnvme.thin(name("i"), 0)));
        while (job.state().equals("running") && job.doneBytes() == 0) {
            job = job(job.id(), 1);
        }
        daemon.kill();
        Files.write(image, new byte[] {1}, StandardOpenOption.APPEND);
        daemon.startAgain();
        return job(job.id(), 60_000);
    }
}
