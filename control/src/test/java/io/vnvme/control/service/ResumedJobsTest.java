package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.ChangeQos;
import io.vnvme.control.model.CreateGroup;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DriveNames;
import io.vnvme.control.model.ExportVolume;
import io.vnvme.control.model.ImportVolume;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.KeySource;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.Qos;
import io.vnvme.control.model.QosLimits;
import io.vnvme.control.model.ReplaceDrive;
import io.vnvme.control.plane.FakePool;
import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.VolumeIo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jobs whose daemon ends in the middle go on with the next one, or end clearly and leave nothing. */
class ResumedJobsTest {
    private static final int SIZE_MIB = 12;
    /** How far each job comes before its daemon ends. */
    private static final int BEFORE = 4;

    @TempDir
    Path folder;

    private Fixture on;
    private Path image;
    private byte[] content;

    @BeforeEach
    void setUp() throws IOException {
        on = new Fixture(folder);
        // A mark is due at every look.
        AtomicLong seconds = new AtomicLong();
        on.clock = () -> Instant.ofEpochSecond(seconds.addAndGet(2));
        on.restart();
        on.file("a", 64 * MIB);
        on.file("b", 64 * MIB);
        on.mirror("p", "a", "b");
        content = new byte[(int) (SIZE_MIB * MIB)];
        new Random(7).nextBytes(content);
        image = folder.resolve("image.raw");
        Files.write(image, content);
    }

    @AfterEach
    void tearDown() {
        pool().permits = new Semaphore(Integer.MAX_VALUE);
        on.close();
    }

    private FakePool pool() {
        return on.fakePool("p");
    }

    private static byte[] bytes(FakePool pool, String volume) {
        VolumeIo io = pool.open(volume);
        ByteBuffer all = ByteBuffer.allocate((int) io.sizeBytes());
        io.read(0, all);
        return all.array();
    }

    private JobInfo beginImport(@Nullable KeySource key) {
        CreateVnvme wanted = new CreateVnvme("e", 0, "p", false, false, null, false, null, key, null, false, null);
        return on.services.transfers().importFile(new ImportVolume(image.toString(), "raw", wanted));
    }

    /** Has a job come so far, and no further. */
    private void untilStuck(JobInfo job) {
        await().pollInterval(Duration.ofMillis(2))
                .until(() -> on.services.jobs().show(job.id(), Duration.ZERO).doneBytes() == BEFORE * MIB
                        && pool().permits.hasQueuedThreads());
    }

    private void stickAfter(int operations) {
        pool().permits = new Semaphore(operations);
    }

    private void crash() {
        pool().permits = new Semaphore(Integer.MAX_VALUE);
        on.crash();
    }

    /** What is stuck is let on bit by bit until it has seen that it has to stop. */
    private void stopOrderly() throws InterruptedException {
        Semaphore permits = pool().permits;
        Thread closing = Thread.ofPlatform().start(on.services::close);
        while (!closing.join(Duration.ofMillis(20))) {
            permits.release();
        }
        crash();
    }

    private JobInfo assertWentOn(JobInfo job) {
        JobInfo after = on.ended(job);
        assertThat(after.state()).as(after.result()).isEqualTo("done");
        assertThat(after.id()).isEqualTo(job.id());
        assertThat(after.resumedAt()).isNotNull();
        assertThat(on.services.jobs().list()).hasSize(1);
        return after;
    }

    private JobInfo assertFailedAndNothingLeft(JobInfo job, String why) throws IOException {
        JobInfo after = on.ended(job);
        assertThat(after.state()).isEqualTo("failed");
        assertThat(after.result()).contains(why);
        assertThat(pool().layers()).noneMatch(l -> l.name().contains("~"));
        try (var files = Files.list(folder)) {
            assertThat(files).noneMatch(f -> f.toString().endsWith(".part"));
        }
        return after;
    }

    @Test
    void anImportGoesOnAfterACrash() {
        stickAfter(BEFORE);
        JobInfo job = beginImport(null);
        untilStuck(job);
        assertProblem(ProblemCode.UNKNOWN_VNVME, () -> on.services.vnvmes().show("e"));
        crash();
        assertWentOn(job);
        assertThat(bytes(pool(), "e")).isEqualTo(content);
        assertThat(pool().writes.get()).as("nothing is written twice").isEqualTo(SIZE_MIB);
        assertThat(on.services.vnvmes().show("e").state()).isEqualTo("idle");
        on.restart();
        assertThat(on.services.jobs().show(job.id(), Duration.ZERO).state()).isEqualTo("done");
    }

    @Test
    void anImportGoesOnAfterAnOrderlyStop() throws InterruptedException {
        stickAfter(BEFORE);
        JobInfo job = beginImport(null);
        untilStuck(job);
        stopOrderly();
        assertWentOn(job);
        assertThat(bytes(pool(), "e")).isEqualTo(content);
    }

    @Test
    void anImportOfAnImageThatWasChangedFails() throws IOException {
        stickAfter(BEFORE);
        JobInfo job = beginImport(null);
        untilStuck(job);
        Files.write(image, new byte[(int) (SIZE_MIB * MIB)]);
        crash();
        assertFailedAndNothingLeft(job, "image.raw was changed while the daemon was away");
        assertThat(on.services.vnvmes().list()).isEmpty();
        assertThat(on.ended(beginImport(null)).state()).isEqualTo("done");
    }

    @Test
    void aPassphraseIsNotKept() throws IOException {
        stickAfter(BEFORE);
        JobInfo job = beginImport(new KeySource(null, "correct horse"));
        untilStuck(job);
        assertThat(Files.readString(folder.resolve("jobs.jsonl"))).doesNotContain("horse");
        crash();
        assertFailedAndNothingLeft(job, "passphrases are not kept");
    }

    @Test
    void anImportThatNobodyWasToldOfIsWhole() {
        stickAfter(BEFORE);
        JobInfo job = beginImport(null);
        untilStuck(job);
        pool().rename("~e", "e");
        crash();
        assertWentOn(job);
        assertThat(on.services.vnvmes().show("e").state()).isEqualTo("idle");
    }

    @Test
    void aVolumeThatIsGoneIsSaid() throws IOException {
        stickAfter(BEFORE);
        JobInfo job = beginImport(null);
        untilStuck(job);
        pool().remove("~e");
        crash();
        assertFailedAndNothingLeft(job, "pool p does not have what was filled");
    }

    private JobInfo beginExport(Path file) {
        on.create("d", SIZE_MIB * MIB);
        return beginExportAgain(file);
    }

    @Test
    void anExportGoesOnAfterACrash() throws IOException {
        for (String format : new String[] {"raw", "qcow2"}) {
            Path file = folder.resolve("d." + format);
            JobInfo job = format.equals("raw") ? beginExport(file) : beginExportAgain(file);
            untilStuck(job);
            assertThat(file).doesNotExist();
            crash();
            // It is as it was when the export began.
            pool().open("d").write(0, ByteBuffer.wrap(new byte[(int) MIB]));
            JobInfo after = on.ended(job);
            assertThat(after.state()).as(after.result()).isEqualTo("done");
            assertThat(after.resumedAt()).isNotNull();
            assertThat(folder.resolve("d." + format + ".part")).doesNotExist();
            assertThat(pool().layers()).extracting("name").containsExactly("d");
            if (format.equals("raw")) {
                assertThat(Files.readAllBytes(file)).isEqualTo(content);
            }
        }
        Path whole = folder.resolve("whole.qcow2");
        pool().open("d").write(0, ByteBuffer.wrap(content));
        on.ended(on.services.transfers().export(new ExportVolume("d", whole.toString(), null, null)));
        assertThat(Files.readAllBytes(folder.resolve("d.qcow2"))).isEqualTo(Files.readAllBytes(whole));
    }

    private JobInfo beginExportAgain(Path file) {
        pool().open("d").write(0, ByteBuffer.wrap(content));
        // It reads cluster by cluster.
        stickAfter(BEFORE * 16);
        return on.services.transfers().export(new ExportVolume("d", file.toString(), null, null));
    }

    @Test
    void anExportGoesOnAfterAnOrderlyStop() throws IOException, InterruptedException {
        Path file = folder.resolve("d.raw");
        JobInfo job = beginExport(file);
        untilStuck(job);
        stopOrderly();
        assertWentOn(job);
        assertThat(Files.readAllBytes(file)).isEqualTo(content);
    }

    @Test
    void anExportWhosePlaceWasTakenFails() throws IOException {
        Path file = folder.resolve("d.raw");
        JobInfo job = beginExport(file);
        untilStuck(job);
        Files.writeString(file, "somebody else's");
        crash();
        assertFailedAndNothingLeft(job, "d.raw is there already");
        assertThat(Files.readString(file)).isEqualTo("somebody else's");
    }

    /** It had its name, and what it was made of is gone, but nobody was told. */
    @Test
    void anExportThatWasThroughIsDone() throws IOException {
        Path file = folder.resolve("d.raw");
        JobInfo job = beginExport(file);
        untilStuck(job);
        Files.createLink(file, folder.resolve("d.raw.part"));
        String moment = pool().layers().stream()
                .map(LayerFacts::name)
                .filter(name -> name.contains("~"))
                .findFirst()
                .orElseThrow();
        pool().remove(moment);
        crash();
        assertWentOn(job);
        assertThat(folder.resolve("d.raw.part")).doesNotExist();
    }

    @Test
    void anUnfinishedFileThatIsNotOursStays() throws IOException {
        Path file = folder.resolve("d.raw");
        Path part = folder.resolve("d.raw.part");
        Files.writeString(part, "somebody else's");
        assertProblem(ProblemCode.FILE_REFUSED, () -> beginExport(file));
        assertThat(Files.readString(part)).isEqualTo("somebody else's");
    }

    /** It may be on a file system that is not mounted yet; what is below is no place for it. */
    @Test
    void anExportWhoseUnfinishedFileIsGoneFails() throws IOException {
        Path file = folder.resolve("d.raw");
        JobInfo job = beginExport(file);
        untilStuck(job);
        Files.delete(folder.resolve("d.raw.part"));
        crash();
        assertFailedAndNothingLeft(job, "d.raw.part, which was begun, is there no more");
        assertThat(file).doesNotExist();
    }

    @Test
    void anExportWhoseUnfinishedFileLacksWhatWasDoneFails() throws IOException {
        Path file = folder.resolve("d.raw");
        JobInfo job = beginExport(file);
        untilStuck(job);
        try (FileChannel part = FileChannel.open(folder.resolve("d.raw.part"), StandardOpenOption.WRITE)) {
            part.truncate(MIB);
        }
        crash();
        assertFailedAndNothingLeft(job, "d.raw.part is shorter than it was left");
        assertThat(file).doesNotExist();
    }

    /** On many file systems it has the number of the one that was deleted. */
    @Test
    void whatTookThePlaceOfTheUnfinishedFileStays() throws IOException {
        Path part = folder.resolve("d.raw.part");
        JobInfo job = beginExport(folder.resolve("d.raw"));
        untilStuck(job);
        byte[] own = Arrays.copyOf(new byte[] {1}, (int) (SIZE_MIB * MIB));
        Files.delete(part);
        Files.write(part, own);
        crash();
        JobInfo after = on.ended(job);
        assertThat(after.state()).isEqualTo("failed");
        assertThat(after.result()).contains("d.raw.part is there already");
        assertThat(Files.readAllBytes(part)).isEqualTo(own);
    }

    /** Rewrites what an import will go on by. */
    private void changeList(String from, String to) throws IOException {
        Path list = folder.resolve("jobs.jsonl");
        String text = Files.readString(list);
        assertThat(text).contains(from);
        Files.writeString(list, text.replace(from, to));
    }

    @Test
    void aListThatNamesAnotherFileAsConvertedHasItNotRemoved() throws IOException {
        stickAfter(BEFORE);
        JobInfo job = beginImport(null);
        untilStuck(job);
        Path outside = Files.createDirectory(folder.resolve("outside"));
        for (Path precious : List.of(folder.resolve("precious"), outside.resolve("import-1.raw"))) {
            Files.writeString(precious, "precious");
        }
        changeList("\"encrypted\":false", "\"encrypted\":false,\"raw\":\"%s/precious\"".formatted(folder));
        Files.write(image, new byte[0]);
        crash();
        assertFailedAndNothingLeft(job, "was changed");
        assertThat(folder.resolve("precious")).exists();
        for (String raw : List.of(folder + "/outside/import-1.raw", folder + "/outside/../precious")) {
            stickAfter(BEFORE);
            Files.write(image, content);
            JobInfo again = beginImport(null);
            untilStuck(again);
            changeList("\"encrypted\":false", "\"encrypted\":false,\"raw\":\"%s\"".formatted(raw));
            Files.write(image, new byte[0]);
            crash();
            assertFailedAndNothingLeft(again, "was changed");
            assertThat(folder.resolve("precious")).exists();
            assertThat(outside.resolve("import-1.raw")).exists();
        }
    }

    @Test
    void aListWithANameThatNobodyMayGiveServesNothing() throws IOException {
        stickAfter(BEFORE);
        JobInfo job = beginImport(null);
        untilStuck(job);
        changeList("\"subject\":\"e\"", "\"subject\":\"../e\"");
        pool().rename("~e", "~../e");
        crash();
        assertFailedAndNothingLeft(job, "../e");
        assertThat(on.services.vnvmes().list()).isEmpty();
    }

    @Test
    void anImportIsServedWithoutTheGroupThatWasRemovedMeanwhile() {
        on.services.groups().create(new CreateGroup("g", null));
        for (boolean named : new boolean[] {false, true}) {
            String name = "e" + named;
            stickAfter(BEFORE);
            pool().writes.set(0);
            CreateVnvme wanted = new CreateVnvme(
                    name, 0, "p", false, false, null, false, null, null, new ChangeQos(null, 7, "g"), false, null);
            JobInfo job = on.services.transfers().importFile(new ImportVolume(image.toString(), "raw", wanted));
            untilStuck(job);
            on.services.groups().remove("g");
            if (named) {
                pool().rename("~" + name, name);
            }
            crash();
            assertThat(on.ended(job).state()).isEqualTo("done");
            assertThat(on.services.groups().of(name)).isEqualTo(new Qos(QosLimits.NONE, 7, null));
            assertThat(on.services.vnvmes().show(name).state()).isEqualTo("idle");
            on.services.groups().create(new CreateGroup("g", null));
        }
    }

    @Test
    void aShrinkKeepsItsNumber() {
        on.file("c", 64 * MIB);
        on.file("d", 64 * MIB);
        on.services.pools().grow("p", new DriveNames(List.of("c", "d")));
        UUID drive =
                UUID.fromString(String.valueOf(on.services.drives().show("c").uuid()));
        pool().gate = new CountDownLatch(1);
        JobInfo job = on.services.pools().shrink("p", new DriveNames(List.of("c")));
        await().until(() -> on.services.jobs().show(job.id(), Duration.ZERO).progress() == 0.25);
        pool().remembered = Map.of(drive, "shrink");
        pool().gate = new CountDownLatch(0);
        on.crash();
        assertThat(assertWentOn(job).result()).contains("left pool p");
    }

    @Test
    void aScrubGoesOnFromItsMark() {
        pool().gate = new CountDownLatch(1);
        JobInfo job = on.services.pools().scrub("p");
        await().until(() -> on.services.jobs().show(job.id(), Duration.ZERO).progress() == 0.25);
        pool().gate = new CountDownLatch(0);
        on.crash();
        assertWentOn(job);
        assertThat(pool().scrubbedFrom.orElseThrow().index()).isEqualTo(42);
    }

    @Test
    void aRebuildKeepsItsNumber() {
        on.file("c", 64 * MIB);
        UUID drive =
                UUID.fromString(String.valueOf(on.services.drives().show("c").uuid()));
        pool().gate = new CountDownLatch(1);
        JobInfo job = on.services.pools().replace("p", new ReplaceDrive("a", "c"));
        await().until(() -> on.services.jobs().show(job.id(), Duration.ZERO).progress() == 0.25);
        pool().remembered = Map.of(drive, "rebuild");
        pool().gate = new CountDownLatch(0);
        on.crash();
        assertThat(assertWentOn(job).result()).isEqualTo("c is a full member of p again");
    }

    /** The pool had it through before anybody was told. */
    @Test
    void aRebuildThatWasThroughIsDone() {
        pool().gate = new CountDownLatch(1);
        JobInfo job = on.services.pools().replace("p", new ReplaceDrive("a", "a"));
        await().until(() -> on.services.jobs().show(job.id(), Duration.ZERO).progress() == 0.25);
        pool().gate = new CountDownLatch(0);
        on.crash();
        assertThat(assertWentOn(job).result()).isEqualTo("a is a full member of p again");
    }

    @Test
    void oneWhosePoolIsAwayWaitsAndEndsWithIt() {
        Path file = folder.resolve("d.raw");
        JobInfo job = beginExport(file);
        untilStuck(job);
        on.disk("a").there = false;
        on.disk("b").there = false;
        on.watch = Duration.ofMillis(10);
        crash();
        assertThat(on.services.jobs().show(job.id(), Duration.ZERO).state()).isEqualTo("interrupted");
        assertThat(folder.resolve("d.raw.part")).exists();
        on.services.pools().destroy("p", true);
        await().until(() ->
                on.services.jobs().show(job.id(), Duration.ZERO).state().equals("failed"));
        assertThat(on.ended(job).result()).contains("its pool is here no more");
        assertThat(folder.resolve("d.raw.part")).doesNotExist();
    }

    @Test
    void oneWhosePoolWasAwayGoesOnWhenItIsBack() throws IOException {
        Path file = folder.resolve("d.raw");
        JobInfo job = beginExport(file);
        untilStuck(job);
        on.disk("a").there = false;
        on.disk("b").there = false;
        on.watch = Duration.ofMillis(10);
        crash();
        assertThat(on.services.jobs().show(job.id(), Duration.ZERO).state()).isEqualTo("interrupted");
        on.disk("a").there = true;
        on.disk("b").there = true;
        await().until(() ->
                on.services.jobs().show(job.id(), Duration.ZERO).state().equals("done"));
        assertThat(Files.readAllBytes(file)).isEqualTo(content);
    }
}
