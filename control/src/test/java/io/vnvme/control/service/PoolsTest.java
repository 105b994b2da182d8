package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DriveNames;
import io.vnvme.control.model.FoundPool;
import io.vnvme.control.model.HoldWrites;
import io.vnvme.control.model.ImportPool;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.PoolInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.RenameVnvme;
import io.vnvme.control.model.ReplaceDrive;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.store.OpeningMarks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PoolsTest {
    @TempDir
    Path folder;

    private Fixture on;

    @BeforeEach
    void setUp() {
        on = new Fixture(folder);
        on.file("a", 64 * MIB);
        on.file("b", 64 * MIB);
        on.file("c", 128 * MIB);
    }

    @AfterEach
    void tearDown() {
        on.close();
    }

    @Test
    void layoutsTakeTheDrivesTheyCan() {
        CreatePool stripeOfOne = new CreatePool("p", List.of("a"), "stripe");
        assertProblem(ProblemCode.BAD_REQUEST, () -> on.services.pools().create(stripeOfOne));
        assertProblem(ProblemCode.BAD_REQUEST, () -> on.mirror("p", "a"));
        assertProblem(ProblemCode.BAD_REQUEST, () -> on.pool("p"));
        assertProblem(ProblemCode.BAD_REQUEST, () -> on.pool("p", "a", "a"));
        assertProblem(
                ProblemCode.BAD_REQUEST, () -> on.services.pools().create(new CreatePool("p", List.of("a"), "raid6")));
        assertProblem(ProblemCode.BAD_NAME, () -> on.pool("P", "a"));
        assertProblem(ProblemCode.DRIVE_NOT_CLAIMED, () -> on.pool("p", "ram0"));
        on.claim("ram0");
        assertProblem(ProblemCode.POOL_REFUSED, () -> on.pool("p", "a", "ram0"));
        PoolInfo mirror = on.mirror("p", "a", "b");
        assertThat(mirror.members()).extracting("set").containsExactly(0, 0);
        assertThat(mirror.sizeBytes()).isEqualTo(64 * MIB);
        assertProblem(ProblemCode.DRIVE_IN_USE, () -> on.pool("q", "a"));
        assertProblem(ProblemCode.NAME_TAKEN, () -> on.pool("p", "c"));
    }

    @Test
    void failedCreationLeavesNothing() {
        on.plane.failing = "createPool";
        assertProblem(ProblemCode.HOST_REFUSED, () -> on.pool("p", "a"));
        assertThat(on.services.pools().list()).isEmpty();
        assertThat(on.services.drives().show("a").state()).isEqualTo("free");
        on.plane.failing = "";
        on.pool("p", "a");
    }

    @Test
    void growsAndShrinksAndSurvivesARestart() {
        on.pool("p", "a");
        on.create("d", MIB);
        assertProblem(ProblemCode.POOL_REFUSED, () -> shrink("p", "a"));
        PoolInfo grown = on.services.pools().grow("p", new DriveNames(List.of("b", "c")));
        assertThat(grown.sizeBytes()).isEqualTo(256 * MIB);
        on.restart();
        assertThat(on.services.pools().show("p").members()).extracting("drive").containsExactly("a", "b", "c");
        assertProblem(ProblemCode.UNKNOWN_DRIVE, () -> shrink("p", "ram0"));
        assertThat(on.ended(shrink("p", "b")).state()).isEqualTo("done");
        assertThat(on.services.drives().show("b").state()).isEqualTo("free");
        assertThat(on.services.pools().show("p").members()).extracting("drive").containsExactly("a", "c");
        on.plane.failing = "grow";
        assertProblem(ProblemCode.HOST_REFUSED, () -> on.services.pools().grow("p", new DriveNames(List.of("b"))));
        assertThat(on.services.drives().show("b").state()).isEqualTo("free");
        assertProblem(ProblemCode.BAD_REQUEST, () -> on.services.pools().grow("p", new DriveNames(List.of())));
    }

    private JobInfo shrink(String pool, String drive) {
        return on.services.pools().shrink(pool, new DriveNames(List.of(drive)));
    }

    @Test
    void whatDoesNotFitOnTheOthersIsNotShrunk() {
        on.pool("p", "a", "c");
        on.fakePool("p").usedBytes = 100 * MIB;
        assertProblem(ProblemCode.NO_SPACE, () -> shrink("p", "c"));
        assertThat(on.ended(shrink("p", "a")).state()).isEqualTo("done");
    }

    @Test
    void writesAreHeldAsLongAsWasSaid() {
        on.pool("p", "a");
        assertThat(on.services.pools().show("p").holdSeconds()).isEqualTo(1800);
        assertThat(on.services.pools().holdWrites("p", new HoldWrites(60L)).holdSeconds())
                .isEqualTo(60);
        assertThat(on.services.pools().holdWrites("p", new HoldWrites(null)).holdSeconds())
                .isNull();
        assertProblem(ProblemCode.BAD_REQUEST, () -> on.services.pools().holdWrites("p", new HoldWrites(-1L)));
        on.plane.failing = "holdWrites";
        assertProblem(ProblemCode.HOST_REFUSED, () -> on.services.pools().holdWrites("p", new HoldWrites(5L)));
        assertThat(on.services.pools().show("p").holdSeconds()).isNull();
    }

    @Test
    void aMirrorGetsAnotherDrive() {
        on.mirror("p", "a", "b");
        assertProblem(ProblemCode.DRIVE_NOT_CLAIMED, () -> replace("p", "a", "ram0"));
        on.file("small", 32 * MIB);
        assertProblem(ProblemCode.BAD_SIZE, () -> replace("p", "a", "small"));
        assertProblem(ProblemCode.UNKNOWN_DRIVE, () -> replace("p", "small", "c"));
        JobInfo job = on.ended(replace("p", "a", "c"));
        assertThat(job.result()).isEqualTo("c is a full member of p in the place of a");
        assertThat(on.services.pools().show("p").members()).extracting("drive").containsExactly("c", "b");
        assertThat(on.services.drives().show("a").state()).isEqualTo("free");
        on.pool("q", "a");
        assertProblem(ProblemCode.POOL_REFUSED, () -> replace("q", "a", "small"));
    }

    private JobInfo replace(String pool, String old, String replacement) {
        return on.services.pools().replace(pool, new ReplaceDrive(old, replacement));
    }

    @Test
    void aDriveOfAMirrorThatWasPulledGetsWhatItLacks() {
        on.watch = Duration.ofMillis(10);
        on.restart();
        on.mirror("p", "a", "b");
        on.pool("q", "c");
        on.disk("a").trouble = "it is gone";
        on.disk("c").trouble = "it is gone";
        await().until(() -> on.services.pools().show("p").state().equals("degraded"));
        on.disk("a").returning = true;
        on.disk("c").returning = true;
        await().until(() -> on.services.pools().show("p").state().equals("online"));
        await().until(() -> on.services.pools().show("q").state().equals("online"));
        await().until(() -> on.services.events().after(0, Duration.ZERO).stream()
                .anyMatch(e -> e.text().contains("a is a full member of p again")));
        assertThat(on.services.jobs().list()).extracting("subject").containsExactly("a");
    }

    @Test
    void aPoolThatStoppedWithoutItsDriveIsOpenedAnew() {
        on.watch = Duration.ofMillis(10);
        on.restart();
        on.pool("q", "c");
        on.create("d", MIB);
        on.disk("c").trouble = "it is gone";
        on.fakePool("q").doubt = "a drive reported an error";
        await().until(() -> on.services.pools().show("q").state().equals("read-only"));
        on.disk("c").returning = true;
        await().until(() -> on.services.pools().show("q").state().equals("online"));
        assertThat(on.services.vnvmes().show("d").state()).isEqualTo("idle");
    }

    @Test
    void aDriveOfAMirrorIsTakenBackByItsName() {
        on.mirror("p", "a", "b");
        assertThat(on.ended(replace("p", "a", "a")).result()).isEqualTo("a is a full member of p again");
        on.pool("q", "c");
        assertProblem(ProblemCode.POOL_REFUSED, () -> replace("q", "c", "c"));
    }

    @Test
    void aMirrorServesWithoutOneOfItsDrives() {
        on.mirror("p", "a", "b");
        on.create("d", MIB);
        on.disk("a").there = false;
        on.restart();
        assertThat(on.services.pools().show("p").state()).isEqualTo("degraded");
        assertThat(on.services.vnvmes().show("d").state()).isEqualTo("idle");
        assertThat(on.services.events().after(0, Duration.ZERO))
                .extracting("kind")
                .contains("mirror-degraded");
    }

    @Test
    void aPoolGoesToAnotherDaemonAndBack() {
        on.pool("p", "a", "b");
        VnvmeInfo before = on.create("d", MIB);
        requireNonNull(on.plane.exports.get("d")).connect();
        assertProblem(ProblemCode.VNVME_IN_USE, () -> on.services.poolImport().giveAway("p"));
        requireNonNull(on.plane.exports.get("d")).connections().forEach(c -> c.hide("d"));
        FoundPool away = on.services.poolImport().giveAway("p");
        assertThat(away.paths()).hasSize(2);
        assertThat(on.services.vnvmes().list()).isEmpty();
        assertThat(on.services.drives().list()).extracting("name").doesNotContain("a", "b");
        assertThat(on.services.pools().show("p").state()).isEqualTo("exported");
        assertProblem(ProblemCode.UNKNOWN_POOL, () -> on.services.pools().scrub("p"));
        assertThat(on.services.pools().check("p").sound()).isTrue();
        assertThat(on.services.poolImport().found(List.of())).hasSize(1);
        assertProblem(ProblemCode.BAD_NAME, () -> on.services.poolImport().take(new ImportPool(null, false, null)));
        on.services.poolImport().take(new ImportPool("p", false, null));
        assertThat(on.services.vnvmes().show("d")).isEqualTo(before);
        assertProblem(ProblemCode.POOL_IN_USE, () -> on.services.pools().check("p"));
        assertProblem(ProblemCode.UNKNOWN_POOL, () -> on.services.poolImport().take(new ImportPool("p", false, null)));
    }

    @Test
    void importSaysWhichDriveIsMissing() {
        on.pool("p", "a", "b");
        String missing = String.valueOf(on.services.drives().show("b").uuid());
        on.services.poolImport().giveAway("p");
        on.disk("b").there = false;
        assertThatThrownBy(() -> on.services.poolImport().take(new ImportPool("p", true, null)))
                .hasMessageContaining("pool p lacks drive " + missing)
                .hasMessageContaining("--from");
        assertThat(on.services.drives().list()).extracting("name").doesNotContain("a", "b");
    }

    @Test
    void aMirrorIsImportedWithoutADriveWhenAskedFor() {
        on.mirror("p", "a", "b");
        on.create("d", MIB);
        on.services.poolImport().giveAway("p");
        on.disk("b").there = false;
        assertThatThrownBy(() -> on.services.poolImport().take(new ImportPool("p", false, null)))
                .hasMessageContaining("--degraded");
        on.services.poolImport().take(new ImportPool("p", true, null));
        assertThat(on.services.pools().show("p").state()).isEqualTo("degraded");
        assertThat(on.services.vnvmes().show("d").state()).isEqualTo("idle");
    }

    @Test
    void importRefusesNamesThatAreTaken() {
        on.pool("p", "a");
        on.create("d", MIB);
        on.services.poolImport().giveAway("p");
        on.pool("q", "b");
        on.create("d", MIB);
        assertProblem(ProblemCode.NAME_TAKEN, () -> on.services.poolImport().take(new ImportPool("p", false, null)));
        assertThat(on.services.pools().list()).extracting("name").containsExactly("q", "p");
        assertThat(on.services.drives().list()).extracting("name").doesNotContain("a");
        on.services.vnvmes().rename("d", new RenameVnvme("e"));
        on.services.poolImport().take(new ImportPool("p", false, null));
        assertThat(on.services.vnvmes().list()).extracting("name").containsExactly("e", "d");
    }

    @Test
    void destroyTakesTheVolumesOnlyByForceAndFreesTheDrives() {
        on.pool("p", "a");
        on.create("d", MIB);
        assertProblem(ProblemCode.POOL_NOT_EMPTY, () -> on.services.pools().destroy("p", false));
        on.services.pools().destroy("p", true);
        assertThat(on.services.vnvmes().list()).isEmpty();
        assertThat(on.services.drives().show("a").state()).isEqualTo("free");
        on.services.drives().release("a");
        assertThat(on.disk("a").id).isNull();
    }

    @Test
    void ramPoolsCannotLeave() {
        on.claim("ram0");
        on.pool("r", "ram0");
        assertProblem(ProblemCode.POOL_REFUSED, () -> on.services.poolImport().giveAway("r"));
    }

    private List<String> marks() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> name.startsWith("opening."))
                    .toList();
        }
    }

    private void died(String pool, int times) {
        for (int i = 0; i < times; i++) {
            new OpeningMarks(folder, on.clock)
                    .begin(on.services.pools().show(pool).uuid());
        }
    }

    @Test
    void aPoolThatTheDaemonDoesNotSurviveIsLeftAloneForAWhile() throws IOException {
        on.file("one", 64 * MIB);
        on.file("two", 64 * MIB);
        on.pool("bad", "one");
        on.pool("good", "two");
        assertThat(marks()).isEmpty();
        died("bad", 3);
        // It was on its way side by side with that.
        died("good", 1);
        on.crash();
        assertThat(on.services.pools().show("good").state()).isEqualTo("online");
        assertThat(on.services.pools().show("bad").state()).isEqualTo("unavailable");
        assertThat(on.services.pools().show("bad").warnings())
                .anyMatch(w ->
                        w.contains("the daemon ended 3 times in a row while it was taken up, so it is left alone"));
        assertThat(marks()).hasSize(1);
        on.crash();
        assertThat(on.services.pools().show("bad").state()).isEqualTo("unavailable");
        Instant later = Instant.now().plus(OpeningMarks.LIFE).plusSeconds(60);
        on.clock = () -> later;
        on.crash();
        assertThat(on.services.pools().show("bad").state()).isEqualTo("online");
        assertThat(marks()).isEmpty();
    }

    /** It is not left open half served, it does not keep the others from being served, and it is not blamed for an end. */
    @Test
    void aPoolWhoseVolumesCannotBeServedIsClosedAndTheOthersAreServed() throws IOException {
        on.file("one", 64 * MIB);
        on.file("two", 64 * MIB);
        on.pool("bad", "one");
        on.pool("good", "two");
        on.services.vnvmes().create(CreateVnvme.thin("d", MIB).inPool("good"));
        on.fakePool("bad").unreadable = true;
        on.crash();
        assertThat(on.services.pools().show("bad").state()).isEqualTo("unavailable");
        assertThat(on.services.pools().show("bad").warnings())
                .anyMatch(w -> w.contains("its volume table says nothing"));
        assertThat(on.fakePool("bad").closed).isTrue();
        assertThat(on.services.pools().show("good").state()).isEqualTo("online");
        assertThat(on.services.vnvmes().show("d").state()).isEqualTo("idle");
        assertThat(marks()).isEmpty();
        on.fakePool("bad").unreadable = false;
        on.restart();
        assertThat(on.services.pools().show("bad").state()).isEqualTo("online");
    }
}
