package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DriveContents;
import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.plane.FakeDataPlane;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DrivesTest {
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

    private DriveInfo claim(String spec, @Nullable Long sizeBytes, boolean force) {
        return on.services.drives().claim(ClaimDrive.of(spec, sizeBytes, null, force));
    }

    @Test
    void specsGetNamesOfTheirOwn() {
        assertThat(on.claim("ram1").name()).isEqualTo("ram1");
        assertThat(on.claim("ram:32M").name()).isEqualTo("ram2");
        assertThat(on.claim("null:1G").kind()).isEqualTo("null");
        assertThat(on.claim("null:1G").name()).isEqualTo("null1");
        assertThat(claim("/srv/Big Pool.img", 64 * MIB, false).name()).isEqualTo("big-pool");
        assertThat(claim("/other/Big Pool.raw", 64 * MIB, false).name()).isEqualTo("big-pool-2");
        on.world.disk("/dev/nvme1n1", 64 * MIB);
        assertThat(claim("/dev/nvme1n1", null, false).kind()).isEqualTo("block");
        assertThat(on.services.drives().show("nvme1n1").state()).isEqualTo("free");
    }

    @Test
    void nothingIsOnWhatIsStillToBeMadeInMemory() {
        for (String spec : List.of("ram1", "ram:32M", "null:1G")) {
            DriveContents contents = on.services.drives().contents(ClaimDrive.of(spec, null, null, false));
            assertThat(contents.contents()).isEmpty();
            assertThat(contents.refusal()).isNull();
            assertThat(contents.sizeBytes()).isEqualTo(claim(spec, null, false).sizeBytes());
        }
    }

    @Test
    void refusesWhatMakesNoSense() {
        on.claim("ram0");
        on.world.disk("/srv/there.img", 64 * MIB);
        on.world.disk("/srv/tiny.img", MIB);
        assertProblem(ProblemCode.DRIVE_ALREADY_CLAIMED, () -> on.claim("ram0"));
        assertProblem(ProblemCode.UNKNOWN_DRIVE, () -> on.claim("sda"));
        assertProblem(ProblemCode.BAD_SIZE, () -> on.claim("ram:many"));
        assertProblem(ProblemCode.BAD_SIZE, () -> on.claim("ram:1M"));
        assertProblem(ProblemCode.BAD_REQUEST, () -> claim("ram:32M", 64 * MIB, false));
        assertProblem(ProblemCode.BAD_REQUEST, () -> claim("/dev/sdz", 64 * MIB, false));
        assertProblem(ProblemCode.BAD_REQUEST, () -> claim("/srv/none.img", null, false));
        assertProblem(ProblemCode.BAD_SIZE, () -> claim("/srv/none.img", 64 * MIB + 1, false));
        assertProblem(ProblemCode.BAD_SIZE, () -> claim("/srv/there.img", 65 * MIB, false));
        assertProblem(ProblemCode.BAD_SIZE, () -> claim("/srv/tiny.img", null, false));
        assertProblem(ProblemCode.BAD_NAME, () -> on.services.drives().claim(ClaimDrive.of("ram1", null, "N", false)));
        assertProblem(
                ProblemCode.NAME_TAKEN, () -> on.services.drives().claim(ClaimDrive.of("ram1", null, "ram0", false)));
        assertProblem(ProblemCode.DRIVE_NOT_CLAIMED, () -> on.services.drives().release("ram1"));
        assertThat(on.services.drives().list()).extracting("name").containsExactly("ram0", "ram1");
    }

    @Test
    void whatIsMountedIsNeverTakenAndWhatHoldsDataOnlyByForce() {
        on.world.disk("/dev/sda", 64 * MIB).uses.add("/dev/sda1 is mounted on /boot");
        on.world.disk("/dev/sdb", 64 * MIB).contents.add("an ext4 file system");
        assertProblem(ProblemCode.DRIVE_IN_USE, () -> claim("/dev/sda", null, true));
        assertThatThrownBy(() -> claim("/dev/sdb", null, false))
                .hasMessage("/dev/sdb holds an ext4 file system: nothing was changed; --force destroys that");
        assertThat(on.services
                        .drives()
                        .contents(ClaimDrive.of("/dev/sdb", null, null, true))
                        .contents())
                .containsExactly("an ext4 file system");
        assertThat(on.services
                        .drives()
                        .contents(ClaimDrive.of("/dev/sda", null, null, true))
                        .refusal())
                .contains("mounted");
        assertThat(claim("/dev/sdb", null, true).state()).isEqualTo("free");
        assertProblem(ProblemCode.DRIVE_ALREADY_CLAIMED, () -> claim("/dev/sdb", null, true));
    }

    @Test
    void failedClaimLeavesNothing() {
        on.plane.failing = "claim";
        assertProblem(ProblemCode.HOST_REFUSED, () -> on.claim("ram0"));
        assertThat(on.services.drives().show("ram0").state()).isEqualTo("available");
        assertThat(on.plane.open).isEmpty();
    }

    @Test
    void aDriveIsFoundByItsIdentityUnderAnotherName() {
        on.world.disk("/dev/sda", 64 * MIB);
        DriveInfo before = claim("/dev/sda", null, false);
        on.create("d", MIB);
        FakeDataPlane.Disk moved = requireNonNull(on.world.disks.remove("/dev/sda"));
        FakeDataPlane.Disk other = on.world.disk("/dev/sda", 64 * MIB);
        other.id = UUID.randomUUID();
        FakeDataPlane.Disk there = on.world.disk("/dev/sdb", 64 * MIB);
        there.id = moved.id;
        there.name = moved.name;
        there.pool = moved.pool;
        on.restart();
        DriveInfo after = on.services.drives().show(before.name());
        assertThat(after.path()).isEqualTo("/dev/sdb");
        assertThat(on.services.vnvmes().show("d").state()).isEqualTo("idle");
        assertThat(on.services.events().after(0, Duration.ZERO))
                .extracting("kind")
                .contains("drive-moved");
    }

    @Test
    void aMissingDriveHoldsUpNoOtherAndIsTakenWhenItComesBack() {
        on.watch = Duration.ofMillis(10);
        on.file("lost", 64 * MIB);
        on.file("kept", 64 * MIB);
        on.pool("p-lost", "lost");
        on.pool("p-kept", "kept");
        on.services.vnvmes().create(CreateVnvme.thin("a", MIB).inPool("p-lost"));
        on.services.vnvmes().create(CreateVnvme.thin("b", MIB).inPool("p-kept"));
        on.disk("lost").there = false;
        on.restart();
        assertThat(on.services.drives().show("lost").state()).isEqualTo("missing");
        assertThat(on.services.pools().show("p-lost").state()).isEqualTo("unavailable");
        assertThat(on.services.vnvmes().show("a").state()).isEqualTo("unavailable");
        assertThat(on.services.vnvmes().show("b").state()).isEqualTo("idle");
        assertThat(on.services.system().warnings()).anyMatch(w -> w.contains("drive lost is missing"));
        assertProblem(ProblemCode.POOL_UNAVAILABLE, () -> on.services.vnvmes().remove("a"));
        on.disk("lost").there = true;
        await().until(() -> on.services.vnvmes().show("a").state().equals("idle"));
        assertThat(on.services.drives().show("lost").state()).isEqualTo("in-pool");
        assertThat(on.services.system().warnings()).isEmpty();
    }

    @Test
    void errorsOfADriveAreSaidAndForgotten() {
        on.watch = Duration.ofMillis(10);
        on.restart();
        on.file("f", 64 * MIB);
        on.disk("f").trouble = "reads fail (EIO)";
        await().until(() -> on.services.drives().show("f").state().equals("failed"));
        on.disk("f").trouble = null;
        await().until(() -> on.services.drives().show("f").state().equals("free"));
        assertThat(on.services.events().after(0, Duration.ZERO))
                .extracting("kind")
                .contains("drive-gone", "drive-back");
    }
}
