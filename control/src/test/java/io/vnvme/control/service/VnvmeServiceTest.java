package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.KeySource;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.RenameVnvme;
import io.vnvme.control.model.ResizeVnvme;
import io.vnvme.control.model.UnlockVnvme;
import io.vnvme.control.model.VnvmeChange;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.plane.FakeDataPlane;
import io.vnvme.control.plane.VolumeAttributes;
import io.vnvme.control.plane.VolumeSpec;
import io.vnvme.frontend.vfiouser.DoorbellAccess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VnvmeServiceTest {
    @TempDir
    Path folder;

    private Fixture on;

    @BeforeEach
    void setUp() {
        on = new Fixture(folder);
    }

    @AfterEach
    void tearDown() {
        on.close();
    }

    @Test
    void firstVolumeMakesAPoolOfTheClaimedDrivesAndSaysSo() {
        on.claim("ram0");
        on.claim("ram1");
        VnvmeChange change = on.services.vnvmes().create(CreateVnvme.thin("d1", 8 * MIB));
        assertThat(change.outcome().lines())
                .satisfiesExactly(
                        line -> assertThat(line).isEqualTo("made pool pool0 of drives ram0, ram1"),
                        line -> assertThat(line).startsWith("created d1: 8 MiB in pool pool0, served on "));
        assertThat(on.create("d2", 8 * MIB).pool()).isEqualTo("pool0");
        assertThat(on.services.pools().list()).hasSize(1);
    }

    /** What a list costs grows with the vNVMes, not with their square. */
    @Test
    void aListAsksThePoolAsOftenForManyAsForOne() {
        on.claim("ram0");
        on.create("d0", 4 * MIB);
        int forOne = questionsOfAList();
        for (int i = 1; i < 20; i++) {
            on.create("d" + i, 4 * MIB);
            on.services.snapshots().take("d" + i, "s");
        }
        assertThat(questionsOfAList()).isEqualTo(forOne);
        assertThat(on.services.vnvmes().list())
                .hasSize(20)
                .filteredOn(d -> d.snapshotCount() == 1)
                .hasSize(19);
    }

    @Test
    void aPoolThatCannotSayItsSpaceHidesNothing() {
        on.claim("ram0");
        on.pool("p", "ram0");
        on.claim("ram1");
        on.pool("q", "ram1");
        on.services.vnvmes().create(CreateVnvme.thin("d", 4 * MIB).inPool("p"));
        on.services.vnvmes().create(CreateVnvme.thin("e", 4 * MIB).inPool("q"));
        on.fakePool("p").silent = true;
        assertThat(on.services.vnvmes().list()).extracting("name").containsExactly("d", "e");
        assertThat(on.services.vnvmes().show("d").usedBytes()).isNull();
        assertThat(on.services.vnvmes().show("d").warnings())
                .containsExactly("its pool p does not say what space it takes: its drives do not answer");
        assertThat(on.services.vnvmes().show("e").usedBytes()).isZero();
        assertThat(on.services.vnvmes().show("e").warnings()).isEmpty();
        assertThat(on.services.system().vnvmeCount()).isEqualTo(2);
    }

    @Test
    void theSystemSaysHowManyAreInUse() {
        on.claim("ram0");
        on.create("d", 4 * MIB);
        on.create("e", 4 * MIB);
        requireNonNull(on.plane.exports.get("d")).connect();
        assertThat(on.services.vnvmes().show("d").state()).isEqualTo("connected");
        assertThat(on.services.system().attachedCount()).isEqualTo(1);
        requireNonNull(on.plane.exports.get("d")).connections().forEach(c -> c.hide("d"));
        assertThat(on.services.vnvmes().show("d").state()).isEqualTo("idle");
        assertThat(on.services.system().attachedCount()).isZero();
    }

    /** Who asks whether the daemon still works restarts it if not: a pool that cannot answer is no reason. */
    @Test
    void aPulseAsksNoPool() {
        on.claim("ram0");
        on.create("d0", 4 * MIB);
        int before = on.fakePool("pool0").questions.get();
        on.services.pulse();
        assertThat(on.fakePool("pool0").questions).hasValue(before);
    }

    private int questionsOfAList() {
        int before = on.fakePool("pool0").questions.get();
        on.services.vnvmes().list();
        return on.fakePool("pool0").questions.get() - before;
    }

    @Test
    void drivesThatKeepTheirContentComeBeforeRam() {
        on.claim("ram0");
        on.file("f1", 32 * MIB);
        assertThat(on.create("d1", 8 * MIB).pool()).isEqualTo("pool0");
        assertThat(on.services.drives().show("f1").pool()).isEqualTo("pool0");
        assertThat(on.services.drives().show("ram0").pool()).isNull();
    }

    @Test
    void goesToTheRoomiestPoolUnlessOneIsNamed() {
        on.claim("ram0");
        on.claim("ram1");
        on.pool("small", "ram0");
        on.pool("large", "ram1");
        assertThat(on.create("d1", 8 * MIB).pool()).isEqualTo("large");
        assertThat(on.services
                        .vnvmes()
                        .create(CreateVnvme.thin("d2", MIB).inPool("small"))
                        .vnvme()
                        .pool())
                .isEqualTo("small");
    }

    @Test
    void thinMayBeLargerThanThePoolButThickMayNot() {
        on.claim("ram0");
        assertThat(on.create("thin", 1024 * MIB).sizeBytes()).isEqualTo(1024 * MIB);
        CreateVnvme thick =
                new CreateVnvme("thick", 1024 * MIB, null, true, false, null, false, null, null, null, false, null);
        assertThatThrownBy(() -> on.services.vnvmes().create(thick))
                .hasMessageContaining("1 GiB thick do not fit: pool pool0 has 16 MiB free");
    }

    @Test
    void doorbellsAreAsAskedForAndStaySo() {
        on.claim("ram0");
        on.services
                .vnvmes()
                .create(new CreateVnvme("m", MIB, null, false, false, null, false, "mapped", null, null, false, null));
        on.create("a", MIB);
        assertProblem(
                ProblemCode.BAD_REQUEST,
                () -> on.services
                        .vnvmes()
                        .create(new CreateVnvme(
                                "w", MIB, null, false, false, null, false, "wrong", null, null, false, null)));
        assertThat(on.services.vnvmes().show("m").doorbells()).isEqualTo("mapped");
        assertThat(on.services.vnvmes().show("a").doorbells()).isEqualTo("auto");
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertProblem(ProblemCode.NO_DRIVE, () -> on.create("d", MIB));
        on.claim("ram0");
        assertProblem(
                ProblemCode.UNKNOWN_POOL,
                () -> on.services.vnvmes().create(CreateVnvme.thin("d", MIB).inPool("none")));
        assertProblem(ProblemCode.BAD_SIZE, () -> on.create("d", 0));
        assertProblem(ProblemCode.BAD_SIZE, () -> on.create("d", -4096));
        assertProblem(ProblemCode.BAD_SIZE, () -> on.create("d", 1_000_000));
        assertProblem(ProblemCode.BAD_SIZE, () -> on.create("d", 1L << 60));
        assertProblem(ProblemCode.UNKNOWN_VNVME, () -> on.services.vnvmes().show("d"));
        assertThat(on.services.pools().list()).isEmpty();
        on.create("d", MIB);
        assertProblem(ProblemCode.NAME_TAKEN, () -> on.create("d", MIB));
        assertProblem(ProblemCode.DRIVE_IN_USE, () -> on.services.drives().release("ram0"));
        assertProblem(ProblemCode.POOL_NOT_EMPTY, () -> on.services.pools().destroy("pool0", false));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "A", "-a", "a/b", "..", "a b", "a@b", "~a", "ü", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            })
    void refusesNames(String name) {
        on.claim("ram0");
        assertProblem(ProblemCode.BAD_NAME, () -> on.create(name, MIB));
    }

    @ParameterizedTest
    @ValueSource(strings = {"create", "export"})
    void failedCreationLeavesNothing(String failing) {
        on.claim("ram0");
        on.plane.failing = failing;
        assertThatThrownBy(() -> on.create("d", MIB)).hasMessageContaining("fails in this test");
        assertNothingIsLeft();
        on.plane.failing = "";
        on.create("d", MIB);
    }

    @Test
    void creationThatCannotBeSavedLeavesNothing() throws IOException {
        on.claim("ram0");
        on.create("first", MIB);
        // A folder where the draft goes: root may write everywhere, but not there.
        Files.createDirectory(folder.resolve("state.json.new"));
        assertProblem(ProblemCode.STATE_UNWRITABLE, () -> on.create("d", MIB));
        assertThat(on.fakePool("pool0").layers()).extracting("name").containsExactly("first");
        assertThat(on.plane.exports).containsOnlyKeys("first");
        Files.delete(folder.resolve("state.json.new"));
        on.create("d", MIB);
    }

    private void assertNothingIsLeft() {
        assertThat(on.services.vnvmes().list()).isEmpty();
        assertThat(on.services.pools().list()).isEmpty();
        assertThat(on.plane.exports).isEmpty();
        assertThat(folder.resolve("drives").resolve("d")).doesNotExist();
        assertThat(on.services.drives().show("ram0").state()).isEqualTo("free");
    }

    @Test
    void restartServesTheSameAgain() {
        on.file("f", 64 * MIB);
        VnvmeInfo before = on.create("d", MIB);
        on.restart();
        assertThat(on.services.vnvmes().show("d")).isEqualTo(before);
        assertThat(on.plane.exports).containsOnlyKeys("d");
    }

    @Test
    void whatIsInRamIsMadeAgainAfterARestart() {
        on.claim("ram0");
        VnvmeInfo before = on.create("d", MIB);
        on.restart();
        assertThat(on.services.vnvmes().show("d")).isEqualTo(before);
        assertThat(on.plane.exports).containsOnlyKeys("d");
    }

    @Test
    void aChangeThatACrashCutInTwoIsCompleted() {
        on.file("f", 64 * MIB);
        on.create("d", MIB);
        VolumeSpec made = new VolumeSpec(
                "crashed",
                UUID.randomUUID(),
                MIB,
                512,
                false,
                false,
                Instant.now(),
                new VolumeAttributes(true, DoorbellAccess.TRAPPED, null).bytes());
        on.fakePool("pool0").create(made, null);
        on.fakePool("pool0").remove("d");
        on.fakePool("pool0")
                .create(
                        new VolumeSpec("~half", UUID.randomUUID(), MIB, 512, false, false, Instant.now(), new byte[0]),
                        null);
        on.restart();
        assertThat(on.services.vnvmes().list()).singleElement().satisfies(v -> {
            assertThat(v.name()).isEqualTo("crashed");
            assertThat(v.interrupts()).isEqualTo("msi");
            assertThat(v.doorbells()).isEqualTo("trapped");
            assertThat(v.uuid()).isEqualTo(made.id().toString());
        });
        assertThat(on.fakePool("pool0").layers()).hasSize(1);
    }

    @Test
    void identifiersAreDistinctAndWellFormed() {
        on.claim("ram0");
        VnvmeInfo a = on.create("a", MIB);
        VnvmeInfo b = on.create("b", MIB);
        assertThat(a.nqn()).isEqualTo("nqn.2014-08.org.nvmexpress:uuid:" + a.uuid());
        assertThat(a.serial()).matches("[0-9A-F]{20}").isNotEqualTo(b.serial());
        assertThat(a.nguid()).matches("[0-9a-f]{16}02[0-9a-f]{14}").isNotEqualTo(b.nguid());
        assertThat(a.eui64()).matches("02[0-9a-f]{14}").isNotEqualTo(b.eui64());
    }

    @Test
    void whatAClientHasIsNotRemovedRenamedOrRolledBack() {
        on.claim("ram0");
        on.create("a", MIB);
        on.services.snapshots().take("a", "s");
        var connection = requireNonNull(on.plane.exports.get("a")).connect();
        assertThat(on.services.vnvmes().show("a").state()).isEqualTo("connected");
        assertProblem(ProblemCode.VNVME_IN_USE, () -> on.services.vnvmes().remove("a"));
        assertProblem(ProblemCode.VNVME_IN_USE, () -> on.services.vnvmes().rename("a", new RenameVnvme("b")));
        assertProblem(ProblemCode.VNVME_IN_USE, () -> on.services.snapshots().rollback("a", "s"));
        assertProblem(ProblemCode.VNVME_IN_USE, () -> on.services.pools().destroy("pool0", true));
        connection.open = false;
        on.services.vnvmes().remove("a");
        assertThat(on.services.vnvmes().list()).isEmpty();
        assertProblem(ProblemCode.NAME_TAKEN, () -> on.create("a", MIB));
        on.services.snapshots().remove("a@s");
        on.create("a", MIB);
    }

    @Test
    void resizeTellsGuestsAndRefusesNonsense() {
        on.claim("ram0");
        on.create("a", 4 * MIB);
        FakeDataPlane.FakeExport export = requireNonNull(on.plane.exports.get("a"));
        assertThat(on.services
                        .vnvmes()
                        .resize("a", new ResizeVnvme(8 * MIB, false))
                        .sizeBytes())
                .isEqualTo(8 * MIB);
        assertThat(export.resizes).hasValue(1);
        assertProblem(ProblemCode.BAD_SIZE, () -> on.services.vnvmes().resize("a", new ResizeVnvme(8 * MIB, false)));
        assertProblem(ProblemCode.BAD_SIZE, () -> on.services.vnvmes().resize("a", new ResizeVnvme(4 * MIB, false)));
        assertProblem(ProblemCode.BAD_SIZE, () -> on.services.vnvmes().resize("a", new ResizeVnvme(4097, true)));
        on.fakePool("pool0").open("a").write(6 * MIB, ByteBuffer.allocate(4096));
        assertProblem(
                ProblemCode.TAIL_HOLDS_DATA, () -> on.services.vnvmes().resize("a", new ResizeVnvme(4 * MIB, true)));
        assertThat(on.services.vnvmes().show("a").sizeBytes()).isEqualTo(8 * MIB);
        assertThat(on.services
                        .vnvmes()
                        .resize("a", new ResizeVnvme(7 * MIB, true))
                        .sizeBytes())
                .isEqualTo(7 * MIB);
    }

    @Test
    void renameKeepsIdentifiersAndSnapshots() {
        on.claim("ram0");
        VnvmeInfo before = on.create("a", MIB);
        on.create("taken", MIB);
        on.services.snapshots().take("a", "s");
        assertProblem(ProblemCode.NAME_TAKEN, () -> on.services.vnvmes().rename("a", new RenameVnvme("taken")));
        on.plane.failing = "rename";
        assertThatThrownBy(() -> on.services.vnvmes().rename("a", new RenameVnvme("b")))
                .hasMessageContaining("fails in this test");
        assertThat(on.services.vnvmes().show("a").state()).isEqualTo("idle");
        on.plane.failing = "";
        VnvmeInfo renamed = on.services.vnvmes().rename("a", new RenameVnvme("b"));
        assertThat(renamed.uuid()).isEqualTo(before.uuid());
        assertThat(renamed.socket()).endsWith("/b/cntrl");
        assertThat(on.services.snapshots().show("b@s").volume()).isEqualTo("b");
        assertThat(on.plane.exports).containsOnlyKeys("b", "taken");
    }

    @Test
    void aControllerThatStoppedSaysWhy() {
        on.claim("ram0");
        on.create("a", MIB);
        var connection = requireNonNull(on.plane.exports.get("a")).connect();
        assertThat(on.services.vnvmes().show("a").warnings()).isEmpty();
        connection.failure = "submission queue 3 has no memory at entry 7";
        assertThat(on.services.vnvmes().show("a").warnings())
                .containsExactly("its controller stopped until the guest resets it:"
                        + " submission queue 3 has no memory at entry 7");
    }

    @Test
    void aKeyFileOpensAnEncryptedVolumeAtEachStart() throws IOException {
        Path key = folder.resolve("key");
        Files.write(key, new byte[64]);
        on.file("f", 64 * MIB);
        CreateVnvme encrypted = new CreateVnvme(
                "e",
                MIB,
                null,
                false,
                false,
                null,
                false,
                null,
                new KeySource(key.toString(), null),
                null,
                false,
                null);
        assertThat(on.services.vnvmes().create(encrypted).vnvme().encrypted()).isTrue();
        on.restart();
        assertThat(on.services.vnvmes().show("e").state()).isEqualTo("idle");
        Files.write(key, new byte[65]);
        on.restart();
        assertThat(on.services.vnvmes().show("e").state()).isEqualTo("locked");
        assertProblem(
                ProblemCode.WRONG_KEY,
                () -> on.services.vnvmes().unlock("e", new UnlockVnvme(new KeySource(null, "a wrong passphrase"))));
        Files.write(key, new byte[64]);
        assertThat(on.services.vnvmes().unlock("e", new UnlockVnvme(null)).state())
                .isEqualTo("idle");
    }

    @Test
    void keysThatMakeNoSenseAreRefused() throws IOException {
        on.file("f", 64 * MIB);
        Path tooShort = folder.resolve("short");
        Files.write(tooShort, new byte[31]);
        for (KeySource key : List.of(
                new KeySource(folder.resolve("none").toString(), null),
                new KeySource(tooShort.toString(), null),
                new KeySource(null, "short"),
                new KeySource(null, null))) {
            assertThatThrownBy(() -> on.services
                            .vnvmes()
                            .create(new CreateVnvme(
                                    "e", MIB, null, false, false, null, false, null, key, null, false, null)))
                    .isInstanceOf(ProblemException.class);
        }
        assertThat(on.services.vnvmes().list()).isEmpty();
    }
}
