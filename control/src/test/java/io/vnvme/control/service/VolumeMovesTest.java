package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CloneSnapshot;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.ExportVolume;
import io.vnvme.control.model.JobInfo;
import io.vnvme.control.model.KeySource;
import io.vnvme.control.model.MoveVnvme;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.UnlockVnvme;
import io.vnvme.control.plane.FakePool;
import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.VolumeSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** vNVMes that move, and whatever comes in between: one place has it, and the state says which. */
final class VolumeMovesTest {
    @TempDir
    Path folder;

    private Fixture fixture;

    @BeforeEach
    void start() {
        fixture = new Fixture(folder);
        for (String name : List.of("a", "b")) {
            fixture.file("drive-" + name, 64 * MIB);
            fixture.pool(name, "drive-" + name);
        }
        fixture.services.vnvmes().create(CreateVnvme.thin("d", 16 * MIB).inPool("a"));
    }

    @AfterEach
    void stop() {
        fixture.close();
    }

    private JobInfo move(String pool) {
        return fixture.ended(fixture.services.moves().move("d", new MoveVnvme(pool, false)));
    }

    private List<String> volumes(String pool) {
        return fixture.fakePool(pool).layers().stream().map(LayerFacts::name).toList();
    }

    private String pool() {
        return fixture.services.vnvmes().show("d").pool();
    }

    private void isIn(String pool) {
        assertThat(pool()).isEqualTo(pool);
        assertThat(volumes(pool)).containsExactly("d");
        assertThat(volumes(pool.equals("a") ? "b" : "a")).isEmpty();
    }

    @Test
    void goesThereAndBack() {
        String uuid = fixture.services.vnvmes().show("d").uuid();
        JobInfo job = move("b");
        assertThat(job.state()).as(job.result()).isEqualTo("done");
        assertThat(job.result()).contains("d is in pool b: 64 KiB copied in 2 rounds, guests waited 1.0 ms");
        isIn("b");
        assertThat(fixture.services.vnvmes().show("d").uuid()).isEqualTo(uuid);
        assertThat(fixture.services.events().counts()).containsKey(EventKind.VNVME_MOVED);
        fixture.restart();
        isIn("b");
        assertThat(move("a").state()).isEqualTo("done");
        isIn("a");
    }

    @ParameterizedTest
    @ValueSource(strings = {"create", "move", "copy", "switchOver"})
    void staysWhenAStepFails(String call) {
        fixture.plane.failing = call;
        JobInfo job = move("b");
        assertThat(job.state()).isEqualTo("failed");
        fixture.plane.failing = "";
        isIn("a");
        assertThat(move("b").state()).isEqualTo("done");
        isIn("b");
    }

    /** The state names the copy by then: it is what counts, whatever fails. */
    @Test
    void whatTheStateNamesIsNotRemovedWhenTheRestFails() {
        fixture.plane.failing = "switched";
        assertThat(move("b").state()).isEqualTo("failed");
        fixture.plane.failing = "";
        assertThat(pool()).isEqualTo("b");
        fixture.crash();
        isIn("b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rename", "remove"})
    void hasMovedWhenWhatIsLeftCannotBeRemoved(String call) {
        fixture.plane.failing = call;
        JobInfo job = move("b");
        assertThat(job.state()).as(job.result()).isEqualTo("done");
        assertThat(job.result()).contains("what is left of it in pool a is removed when the daemon is started again");
        assertThat(pool()).isEqualTo("b");
        fixture.plane.failing = "";
        fixture.crash();
        isIn("b");
    }

    /** Whoever gets the pool sees a volume, not what somebody else left unfinished. */
    @Test
    void whatHasMovedHasItsNameWhenItsPoolIsGivenAway() {
        fixture.plane.failing = "rename";
        assertThat(move("b").state()).isEqualTo("done");
        fixture.plane.failing = "";
        FakePool given = fixture.fakePool("b");
        fixture.services.poolImport().giveAway("b");
        assertThat(given.layers()).extracting(LayerFacts::name).containsExactly("d");
    }

    @Test
    void aHalfMadeCopyIsRemovedAfterACrash() {
        // As if the daemon had ended before the switch: the copy is there.
        fixture.fakePool("b").create(copyOfD(), null);
        fixture.crash();
        isIn("a");
    }

    @Test
    void snapshotsGoTooWhereTheyAreAskedFor() {
        for (String snapshot : List.of("s1", "s2")) {
            fixture.services.snapshots().take("d", snapshot);
        }
        List<LayerFacts> before = fixture.fakePool("a").layers();
        JobInfo job = fixture.ended(fixture.services.moves().move("d", new MoveVnvme("b", true)));
        assertThat(job.state()).as(job.result()).isEqualTo("done");
        assertThat(volumes("a")).isEmpty();
        assertThat(fixture.fakePool("b").layers())
                .extracting(LayerFacts::name, LayerFacts::id)
                .containsExactlyInAnyOrderElementsOf(before.stream()
                        .map(layer -> Tuple.tuple(layer.name(), layer.id()))
                        .toList());
    }

    private JobInfo moveAll(String pool) {
        return fixture.ended(fixture.services.moves().move("d", new MoveVnvme(pool, true)));
    }

    private void takeTwo() {
        fixture.services.snapshots().take("d", "s1");
        fixture.services.snapshots().take("d", "s2");
    }

    /** Of both snapshots, or of the second alone, or when both are there. */
    @ParameterizedTest
    @CsvSource({"copySnapshot,0", "copySnapshot,1", "snapshot,0", "snapshot,1", "switchOver,0", "switchOver,1", "move,0"
    })
    void snapshotsStayWhenAStepFails(String call, int passing) {
        takeTwo();
        fixture.plane.passing.set(passing);
        fixture.plane.failing = call;
        assertThat(moveAll("b").state()).isEqualTo("failed");
        assertThat(volumes("a")).containsExactlyInAnyOrder("d", "d@s1", "d@s2");
        assertThat(volumes("b")).isEmpty();
        fixture.plane.failing = "";
        assertThat(moveAll("b").state()).isEqualTo("done");
        assertThat(volumes("a")).isEmpty();
        assertThat(volumes("b")).containsExactlyInAnyOrder("d", "d@s1", "d@s2");
    }

    /** More often than a volume is tried, whose guests wait for each. */
    @Test
    void snapshotsAreWaitedForAsLongAsItTakes() {
        takeTwo();
        fixture.plane.vain.set(40);
        JobInfo job = moveAll("b");
        assertThat(job.state()).as(job.result()).isEqualTo("done");
        assertThat(fixture.plane.vain).hasValue(0);
    }

    /** What a clone of a snapshot is read with is the snapshot's. */
    @Test
    void snapshotsKeepWhatWasTrueWhenTheyWereTaken() {
        byte[] now = fixture.fakePool("a").layers().getFirst().attributes();
        takeTwo();
        for (String snapshot : List.of("d@s1", "d@s2")) {
            byte[] then = (snapshot + "'s").getBytes(StandardCharsets.UTF_8);
            fixture.fakePool("a").setAttributes(snapshot, then);
        }
        assertThat(moveAll("b").state()).isEqualTo("done");
        for (LayerFacts layer : fixture.fakePool("b").layers()) {
            byte[] wanted = layer.snapshot() ? (layer.name() + "'s").getBytes(StandardCharsets.UTF_8) : now;
            assertThat(layer.attributes()).as(layer.name()).isEqualTo(wanted);
        }
    }

    /** The daemon ended while the old place was cleared. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void snapshotsThatWereLeftAreRemovedLater(int removed) {
        takeTwo();
        fixture.plane.passing.set(removed);
        fixture.plane.failing = "remove";
        assertThat(moveAll("b").state()).isEqualTo("done");
        assertThat(volumes("a")).hasSize(3 - removed);
        fixture.crash();
        assertThat(volumes("a")).isEmpty();
        assertThat(volumes("b")).containsExactlyInAnyOrder("d", "d@s1", "d@s2");
        assertThat(pool()).isEqualTo("b");
    }

    @Test
    void aHalfMadeCopyWithSnapshotsIsRemovedAfterACrash() {
        takeTwo();
        fixture.plane.copying = true;
        fixture.fakePool("b").create(copyOfD(), null);
        fixture.fakePool("b").snapshot("~d", "~d@s1");
        fixture.crash();
        assertThat(volumes("b")).isEmpty();
        assertThat(volumes("a")).containsExactlyInAnyOrder("d", "d@s1", "d@s2");
    }

    /** One that could not be removed is in nobody's way. */
    @Test
    void whatAFailedMoveLeftIsRemovedByTheNext() {
        takeTwo();
        fixture.fakePool("b").create(copyOfD(), null);
        fixture.fakePool("b").snapshot("~d", "~d@s1");
        JobInfo job = moveAll("b");
        assertThat(job.state()).as(job.result()).isEqualTo("done");
        assertThat(volumes("b")).containsExactlyInAnyOrder("d", "d@s1", "d@s2");
    }

    private VolumeSpec copyOfD() {
        LayerFacts original = fixture.fakePool("a").layers().stream()
                .filter(layer -> layer.name().equals("d"))
                .findFirst()
                .orElseThrow();
        return new VolumeSpec(
                "~d",
                original.id(),
                original.sizeBytes(),
                original.blockSizeBytes(),
                false,
                false,
                original.createdAt(),
                original.attributes());
    }

    /** Clones hold what they need of snapshots that have gone elsewhere. */
    @Test
    void clonesStayWhereTheyAre() {
        takeTwo();
        fixture.services.vnvmes().cloneOf(new CloneSnapshot("d@s1", "e", false));
        assertThat(moveAll("b").state()).isEqualTo("done");
        assertThat(volumes("a")).containsExactly("e");
    }

    @Test
    void nothingElseChangesSnapshotsMeanwhile() {
        takeTwo();
        fixture.plane.copying = true;
        JobInfo job = fixture.services.moves().move("d", new MoveVnvme("b", true));
        assertProblem(
                ProblemCode.VNVME_IN_USE, () -> fixture.services.snapshots().take("d", "s3"));
        assertProblem(
                ProblemCode.VNVME_IN_USE, () -> fixture.services.snapshots().remove("d@s1"));
        assertProblem(ProblemCode.VNVME_IN_USE, () -> moveAll("b"));
        assertProblem(ProblemCode.VNVME_IN_USE, () -> fixture.services.vnvmes().remove("d"));
        assertProblem(ProblemCode.VNVME_IN_USE, () -> fixture.services.pools().destroy("b", false));
        assertProblem(
                ProblemCode.VNVME_IN_USE,
                () -> fixture.services
                        .transfers()
                        .export(new ExportVolume("d", folder.resolve("file").toString(), "raw", null)));
        fixture.services.jobs().cancel(job.id());
        assertThat(fixture.ended(job).state()).isEqualTo("cancelled");
        assertThat(volumes("a")).containsExactlyInAnyOrder("d", "d@s1", "d@s2");
        assertThat(volumes("b")).isEmpty();
    }

    /** Its passphrase is not kept: nothing of it is touched before it is open. */
    @Test
    void whatIsLockedAfterARestartDoesNotMove() {
        KeySource passphrase = new KeySource(null, "correct horse");
        fixture.services
                .vnvmes()
                .create(new CreateVnvme(
                        "locked", 16 * MIB, "a", false, false, null, true, null, passphrase, null, false, null));
        fixture.services.snapshots().take("locked", "s");
        fixture.plane.copying = true;
        JobInfo job = fixture.services.moves().move("locked", new MoveVnvme("b", true));
        await().until(() -> volumes("b").contains("~locked"));
        fixture.crash();
        JobInfo after = fixture.ended(job);
        assertThat(after.state()).isEqualTo("failed");
        assertThat(after.result()).contains("vnvme unlock locked");
        assertThat(fixture.fakePool("a").snapshotCopies).hasValue(1);
        assertThat(volumes("b")).isEmpty();
        fixture.services.vnvmes().unlock("locked", new UnlockVnvme(passphrase));
        job = fixture.ended(fixture.services.moves().move("locked", new MoveVnvme("b", true)));
        assertThat(job.state()).as(job.result()).isEqualTo("done");
    }

    /** Wherever it goes while an export begins: what is kept for that is what its guest has. */
    @Test
    void anExportReadsWhatCounts() throws IOException, InterruptedException {
        write("a", "old");
        FakePool a = fixture.fakePool("a");
        a.permits = new Semaphore(0);
        Thread mover = Thread.ofPlatform().unstarted(this::moveAndLeave);
        // The export has looked up where it is: now it moves, if it can.
        a.whenAsked = () -> {
            a.whenAsked = () -> {};
            mover.start();
            joined(mover, 500);
        };
        Path file = folder.resolve("file");
        JobInfo job = fixture.services.transfers().export(new ExportVolume("d", file.toString(), "raw", null));
        mover.join();
        a.permits.release(1000);
        job = fixture.ended(job);
        assertThat(job.state()).as(job.result()).isEqualTo("done");
        assertThat(Files.readString(file, StandardCharsets.ISO_8859_1)).startsWith(pool().equals("a") ? "old" : "new");
    }

    /** What was there before stays behind, since it cannot be removed. */
    private void moveAndLeave() {
        fixture.plane.copying = true;
        try {
            JobInfo job = fixture.services.moves().move("d", new MoveVnvme("b", false));
            fixture.plane.failing = "remove";
            fixture.plane.copying = false;
            assertThat(fixture.ended(job).state()).isEqualTo("done");
            write("b", "new");
        } catch (ProblemException e) {
            assertThat(e.detail()).contains("exported");
        } finally {
            fixture.plane.copying = false;
            fixture.plane.failing = "";
        }
    }

    private static void joined(Thread thread, long millis) {
        try {
            thread.join(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void write(String pool, String text) {
        byte[] bytes = Arrays.copyOf(text.getBytes(StandardCharsets.UTF_8), 4096);
        fixture.fakePool(pool).open("d").write(0, ByteBuffer.wrap(bytes));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void whatCannotBeRemovedStopsNoDaemonFromServing(int removed) {
        takeTwo();
        fixture.plane.passing.set(removed);
        fixture.plane.failing = "remove";
        assertThat(moveAll("b").state()).isEqualTo("done");
        fixture.crashInto(plane -> plane.failing = "remove");
        assertThat(fixture.plane.exports).containsOnlyKeys("d");
        assertThat(volumes("a")).contains("d");
        fixture.crash();
        assertThat(volumes("a")).isEmpty();
    }

    @Test
    void aCopyThatCannotBeRemovedStopsNoDaemonFromServing() {
        fixture.fakePool("b").create(copyOfD(), null);
        fixture.crashInto(plane -> plane.failing = "remove");
        assertThat(fixture.plane.exports).containsOnlyKeys("d");
        fixture.crash();
        isIn("a");
    }

    @Test
    void nothingGoesWhereNothingIsKept() {
        fixture.services.drives().claim(ClaimDrive.of("null:64M", null, "nothing", false));
        fixture.pool("null", "nothing");
        assertProblem(ProblemCode.MOVE_REFUSED, () -> move("null"));
        isIn("a");
    }

    @Test
    void isRefusedByName() {
        assertProblem(ProblemCode.MOVE_REFUSED, () -> move("a"));
        assertProblem(ProblemCode.UNKNOWN_POOL, () -> move("none"));
        assertProblem(ProblemCode.BAD_REQUEST, () -> fixture.services.moves().move("d", new MoveVnvme(null, false)));
        assertProblem(ProblemCode.UNKNOWN_VNVME, () -> fixture.services.moves().move("x", new MoveVnvme("b", false)));
        fixture.services.snapshots().take("d", "s");
        assertProblem(ProblemCode.MOVE_REFUSED, () -> move("b"));
        fixture.services.snapshots().remove("d@s");
        fixture.file("small", 16 * MIB);
        fixture.pool("c", "small");
        fixture.services
                .vnvmes()
                .create(new CreateVnvme(
                        "thick", 32 * MIB, "a", true, false, null, false, null, null, null, false, null));
        assertProblem(ProblemCode.NO_SPACE, () -> fixture.services.moves().move("thick", new MoveVnvme("c", false)));
        assertThat(volumes("a")).containsExactly("d", "thick");
        assertThat(volumes("b")).isEmpty();
    }
}
