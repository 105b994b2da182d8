package io.vnvme.control.service;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.VnvmeInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VnvmeServiceTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path folder;

    private FakeDataPlane plane = new FakeDataPlane();
    private Services services;

    private Services start() {
        plane = new FakeDataPlane();
        return new Services(
                new Services.Setup(
                        "test",
                        folder,
                        folder,
                        List.of(new RamOffer("ram0", 16 * MIB), new RamOffer("ram1", 64 * MIB)),
                        Duration.ofHours(1)),
                plane);
    }

    @BeforeEach
    void setUp() {
        services = start();
    }

    @AfterEach
    void tearDown() {
        services.close();
    }

    private VnvmeInfo create(String name, long sizeBytes) {
        return services.vnvmes().create(request(name, sizeBytes, null)).vnvme();
    }

    private static CreateVnvme request(String name, long sizeBytes, @Nullable String drive) {
        return new CreateVnvme(name, sizeBytes, drive, false, null);
    }

    static void assertProblem(ProblemCode code, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(ProblemException.class, e -> {
            assertThat(e.code()).isEqualTo(code);
            assertThat(e.detail()).doesNotContain("\n").hasSizeGreaterThan(20);
        });
    }

    @Test
    void goesToTheDriveWithTheMostSpace() {
        services.drives().claim("ram0");
        services.drives().claim("ram1");
        assertThat(create("d1", 8 * MIB).drive()).isEqualTo("ram1");
        assertThat(services.vnvmes().create(request("d2", MIB, "ram0")).vnvme().drive())
                .isEqualTo("ram0");
    }

    @Test
    void fillsTheFirstGapThatIsLargeEnough() {
        services.drives().claim("ram0");
        create("a", 4 * MIB);
        create("b", 4096);
        create("c", 4 * MIB);
        services.vnvmes().remove("a");
        assertThat(create("d", 5 * MIB).offsetBytes()).isEqualTo(9 * MIB);
        assertThat(create("e", 3 * MIB).offsetBytes()).isZero();
        DriveInfo drive = services.drives().show("ram0");
        assertThat(drive.freeBytes()).isEqualTo(3 * MIB);
        assertThat(drive.largestFreeBytes()).isEqualTo(2 * MIB);
        assertThat(plane.wiped).contains("ram0@0+" + 4 * MIB, "ram0@0+" + 3 * MIB);
    }

    @Test
    void saysHowMuchSpaceThereIs() {
        services.drives().claim("ram0");
        create("a", 4 * MIB);
        assertThatThrownBy(() -> create("b", 1024 * MIB))
                .hasMessage("1 GiB do not fit: drive ram0 has 12 MiB free; ask for less or claim another drive");
        assertProblem(ProblemCode.NO_SPACE, () -> create("b", 13 * MIB));
        create("b", 12 * MIB);
        assertProblem(ProblemCode.NO_SPACE, () -> create("c", 4096));
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertProblem(ProblemCode.NO_DRIVE, () -> create("d", MIB));
        services.drives().claim("ram0");
        assertProblem(ProblemCode.DRIVE_ALREADY_CLAIMED, () -> services.drives().claim("ram0"));
        assertProblem(ProblemCode.UNKNOWN_DRIVE, () -> services.drives().claim("sda"));
        assertProblem(ProblemCode.UNKNOWN_DRIVE, () -> services.vnvmes().create(request("d", MIB, "sda")));
        assertProblem(ProblemCode.DRIVE_NOT_CLAIMED, () -> services.vnvmes().create(request("d", MIB, "ram1")));
        assertProblem(ProblemCode.BAD_SIZE, () -> create("d", 0));
        assertProblem(ProblemCode.BAD_SIZE, () -> create("d", 1_000_000));
        assertProblem(ProblemCode.UNKNOWN_VNVME, () -> services.vnvmes().show("d"));
        create("d", MIB);
        assertProblem(ProblemCode.NAME_TAKEN, () -> create("d", MIB));
        assertProblem(ProblemCode.DRIVE_IN_USE, () -> services.drives().release("ram0"));
        assertProblem(ProblemCode.DRIVE_NOT_CLAIMED, () -> services.drives().release("ram1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "A", "-a", "a/b", "..", "a b", "ü", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
    void refusesNames(String name) {
        services.drives().claim("ram0");
        assertProblem(ProblemCode.BAD_NAME, () -> create(name, MIB));
    }

    @ParameterizedTest
    @ValueSource(strings = {"wipe", "export"})
    void failedCreationLeavesNothing(String failing) throws IOException {
        services.drives().claim("ram0");
        plane.failing = failing;
        assertThatThrownBy(() -> create("d", MIB)).hasMessageContaining("fails in this test");
        assertNothingIsLeft();
        plane.failing = "";
        create("d", MIB);
    }

    @Test
    void creationThatCannotBeSavedLeavesNothing() throws IOException {
        services.drives().claim("ram0");
        // A folder where the draft goes: root may write everywhere, but not there.
        Files.createDirectory(folder.resolve("state.json.new"));
        assertProblem(ProblemCode.STATE_UNWRITABLE, () -> create("d", MIB));
        assertNothingIsLeft();
        Files.delete(folder.resolve("state.json.new"));
        create("d", MIB);
    }

    private void assertNothingIsLeft() {
        assertThat(services.vnvmes().list()).isEmpty();
        assertThat(plane.exports).isEmpty();
        assertThat(folder.resolve("drives").resolve("d")).doesNotExist();
        assertThat(services.drives().show("ram0").freeBytes()).isEqualTo(16 * MIB);
    }

    @Test
    void failedClaimLeavesNothing() {
        plane.failing = "openDrive";
        assertProblem(ProblemCode.HOST_REFUSED, () -> services.drives().claim("ram0"));
        assertThat(services.drives().show("ram0").state()).isEqualTo("available");
        assertThat(plane.openDrives).isEmpty();
    }

    @Test
    void restartServesTheSameAgain() {
        services.drives().claim("ram0");
        VnvmeInfo before = create("d", MIB);
        services.close();
        services = start();
        assertThat(services.vnvmes().show("d")).isEqualTo(before);
        assertThat(plane.exports).containsOnlyKeys("d");
        assertThat(plane.openDrives).containsExactly("ram0");
        assertThat(plane.wiped).noneMatch(range -> range.startsWith("ram0"));
    }

    @Test
    void brokenDriveHoldsUpNoOther() {
        services.drives().claim("ram0");
        create("d", MIB);
        services.close();
        plane = new FakeDataPlane();
        services = new Services(
                new Services.Setup(
                        "test",
                        folder,
                        folder,
                        List.of(new RamOffer("ram0", 32 * MIB), new RamOffer("ram1", 64 * MIB)),
                        Duration.ofHours(1)),
                plane);
        assertThat(services.vnvmes().show("d").state()).isEqualTo("unavailable");
        assertThat(services.system().warnings()).anyMatch(w -> w.contains("start the daemon with its old size"));
        services.drives().claim("ram1");
        assertThat(create("e", MIB).state()).isEqualTo("idle");
        services.vnvmes().remove("d");
        services.drives().release("ram0");
        assertThat(services.drives().show("ram0").sizeBytes()).isEqualTo(32 * MIB);
    }

    @Test
    void identifiersAreDistinctAndWellFormed() {
        services.drives().claim("ram0");
        VnvmeInfo a = create("a", MIB);
        VnvmeInfo b = create("b", MIB);
        assertThat(a.nqn()).isEqualTo("nqn.2014-08.org.nvmexpress:uuid:" + a.uuid());
        assertThat(a.serial()).matches("[0-9A-F]{20}").isNotEqualTo(b.serial());
        assertThat(a.nguid()).matches("[0-9a-f]{16}02[0-9a-f]{14}").isNotEqualTo(b.nguid());
        assertThat(a.eui64()).matches("02[0-9a-f]{14}").isNotEqualTo(b.eui64());
    }

    @Test
    void whatAClientHasIsNotRemoved() {
        services.drives().claim("ram0");
        create("a", MIB);
        var connection = requireNonNull(plane.exports.get("a")).connect();
        assertThat(services.vnvmes().show("a").state()).isEqualTo("connected");
        assertProblem(ProblemCode.VNVME_IN_USE, () -> services.vnvmes().remove("a"));
        connection.open = false;
        services.vnvmes().remove("a");
        assertThat(services.vnvmes().list()).isEmpty();
    }

    @Test
    void aControllerThatStoppedSaysWhy() {
        services.drives().claim("ram0");
        create("a", MIB);
        var connection = requireNonNull(plane.exports.get("a")).connect();
        assertThat(services.vnvmes().show("a").warnings()).isEmpty();
        connection.failure = "submission queue 3 has no memory at entry 7";
        assertThat(services.vnvmes().show("a").warnings())
                .containsExactly("its controller stopped until the guest resets it:"
                        + " submission queue 3 has no memory at entry 7");
    }
}
