package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.assertProblem;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.AttachVnvme;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DetachVnvme;
import io.vnvme.control.model.EventInfo;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.VnvmeChange;
import io.vnvme.control.plane.FakeConnection;
import io.vnvme.control.plane.FakeDataPlane;
import io.vnvme.control.vm.FakeQemu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AttachmentsTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path folder;

    private final FakeDataPlane plane = new FakeDataPlane();
    private final Map<String, FakeConnection> connections = new ConcurrentHashMap<>();
    private Services services;
    private FakeQemu qemu;

    @BeforeEach
    void setUp() {
        services = new Services(
                new ServiceSetup(
                        "test", folder, folder, List.of(new RamOffer("ram0", 64 * MIB)), Duration.ofMillis(20)),
                plane);
        services.drives().claim(ClaimDrive.of("ram0", null, null, false));
        qemu = new FakeQemu(folder.resolve("qmp"));
        qemu.onPlug = id -> {
            String home = id.substring("vnvme-".length()).replaceAll("\\.\\d+$", "");
            connections.put(id, requireNonNull(plane.exports.get(home)).connect());
        };
        qemu.onUnplug = id -> connection(id).open = false;
        create("a", false);
        create("b", false);
        create("m", true);
    }

    @AfterEach
    void tearDown() {
        services.close();
        qemu.close();
    }

    private FakeConnection connection(String deviceId) {
        return requireNonNull(connections.get(deviceId), deviceId);
    }

    private void create(String name, boolean msi) {
        services.vnvmes().create(CreateVnvme.thin(name, MIB).withMsi(msi));
    }

    private VnvmeChange attach(String name) {
        return services.vnvmes().attach(name, AttachVnvme.toSocket(qemu.path.toString(), false, 50));
    }

    private VnvmeChange detach(String name) {
        return services.vnvmes().detach(name, new DetachVnvme(false, 50));
    }

    private String state(String name) {
        return services.vnvmes().show(name).state();
    }

    @Test
    void plugsIntoAFreePortAndShowsIt() {
        VnvmeChange change = attach("a");
        assertThat(change.outcome()).isEqualTo("a is attached to VM fake");
        assertThat(change.steps()).extracting("name").contains("plug in", "wait for guest");
        assertThat(qemu.plugged).containsEntry("rp0", "vnvme-a");
        attach("b");
        assertThat(qemu.plugged).containsEntry("rp1", "vnvme-b");
        assertThat(services.system().attachedCount()).isEqualTo(2);
        assertProblem(ProblemCode.VM_NO_FREE_PORT, () -> attach("m"));
        assertProblem(ProblemCode.ALREADY_ATTACHED, () -> attach("a"));
        assertProblem(ProblemCode.ALREADY_ATTACHED, () -> services.vnvmes().remove("a"));
    }

    @Test
    void guestThatHasNotStartedItIsSaid() {
        var plug = qemu.onPlug;
        qemu.onPlug = id -> {
            plug.accept(id);
            connection(id).ready = false;
        };
        assertThat(attach("a").outcome()).contains("its guest has not started it yet");
        assertThat(state("a")).isEqualTo("attached");
    }

    @Test
    void detachParksTheControllerForTheNextAttach() {
        attach("a");
        assertThat(detach("a").outcome()).contains("empty controller stays");
        assertThat(qemu.commands).doesNotContain("device_del");
        assertThat(state("a")).isEqualTo("idle");
        assertThat(services.vnvmes().show("a").connections()).allMatch(c -> c.parked());
        attach("b");
        assertThat(qemu.plugged).hasSize(1);
        assertThat(connection("vnvme-a").shown()).containsExactly("b");
        attach("a");
        assertThat(qemu.plugged).containsEntry("rp1", "vnvme-a.2");
        assertThat(folder.resolve("drives/a/cntrl.2")).isSymbolicLink();
    }

    @Test
    void removedVnvmeLeavesItsParkedControllerAlive() {
        attach("a");
        detach("a");
        services.vnvmes().remove("a");
        assertThat(connection("vnvme-a").open).isTrue();
        attach("b");
        assertThat(connection("vnvme-a").shown()).containsExactly("b");
        create("a", false);
        attach("a");
        assertThat(connection("vnvme-a.2").shown()).containsExactly("a");
    }

    @Test
    void guestThatHoldsOnKeepsTheDrive() {
        attach("a");
        connection("vnvme-a").settled = false;
        assertProblem(ProblemCode.GUEST_HOLDS, () -> detach("a"));
        assertThat(state("a")).isEqualTo("attached");
        assertThat(connection("vnvme-a").shown()).containsExactly("a");
        services.vnvmes().detach("a", new DetachVnvme(true, null));
        assertThat(state("a")).isEqualTo("idle");
    }

    @Test
    void msiIsUnpluggedAndABusyGuestAskedAgain() {
        attach("m");
        qemu.busyUnplugs.set(1);
        VnvmeChange change = services.vnvmes().detach("m", new DetachVnvme(false, 10_000));
        assertThat(change.outcome()).isEqualTo("m is unplugged from VM fake");
        assertThat(qemu.commands).filteredOn("device_del"::equals).hasSize(2);
        assertThat(qemu.plugged).isEmpty();
        attach("m");
        qemu.busyUnplugs.set(1000);
        assertProblem(ProblemCode.GUEST_HOLDS, () -> detach("m"));
        assertThat(state("m")).isEqualTo("attached");
    }

    @Test
    void newerQemuUnplugsMsix() {
        qemu.version = "11.2.0";
        attach("a");
        assertThat(detach("a").outcome()).contains("unplugged");
        assertThat(qemu.plugged).isEmpty();
    }

    @Test
    void vmThatIsGoneShowsAsDetached() {
        attach("a");
        connection("vnvme-a").open = false;
        assertThat(state("a")).isEqualTo("idle");
        assertProblem(ProblemCode.NOT_ATTACHED, () -> detach("a"));
    }

    @Test
    void refusesVmsThatCannotTakeIt() {
        qemu.status = "paused";
        assertProblem(ProblemCode.VM_NOT_RUNNING, () -> attach("a"));
        qemu.status = "inmigrate";
        assertProblem(ProblemCode.VM_MIGRATING, () -> attach("a"));
        qemu.status = "running";
        qemu.migration = "active";
        assertProblem(ProblemCode.VM_MIGRATING, () -> attach("a"));
        qemu.migration = "none";
        qemu.vfioUser = false;
        assertProblem(ProblemCode.VM_TOO_OLD, () -> attach("a"));
        qemu.vfioUser = true;
        qemu.memoryShared = false;
        assertProblem(ProblemCode.VM_MEMORY_NOT_SHARED, () -> attach("a"));
        assertThat(qemu.plugged).isEmpty();
        assertThat(qemu.commands).doesNotContain("device_add");
        VnvmeChange slow = services.vnvmes().attach("a", AttachVnvme.toSocket(qemu.path.toString(), true, 50));
        assertThat(slow.warnings()).anyMatch(w -> w.contains("slow"));
        assertThat(services.vnvmes().show("a").warnings()).anyMatch(w -> w.contains("slow"));
    }

    @Test
    void saysWhatIsWrongWithThePath() throws IOException {
        AttachVnvme nowhere = AttachVnvme.toSocket(folder.resolve("none").toString(), false, 50);
        assertThatThrownBy(() -> services.vnvmes().attach("a", nowhere)).hasMessageContaining("there is no such file");
        Path file = Files.createFile(folder.resolve("file"));
        AttachVnvme noSocket = AttachVnvme.toSocket(file.toString(), false, 50);
        assertThatThrownBy(() -> services.vnvmes().attach("a", noSocket)).hasMessageContaining("that is no socket");
        assertProblem(
                ProblemCode.BAD_REQUEST, () -> services.vnvmes().attach("a", new AttachVnvme(null, null, false, null)));
        qemu.greets = false;
        assertProblem(ProblemCode.VM_MONITOR_BUSY, () -> attach("a"));
    }

    @Test
    void qemuThatDoesNotConnectIsSaidAndNothingStays() {
        qemu.onPlug = _ -> {};
        assertProblem(ProblemCode.VM_REFUSED, () -> attach("a"));
        assertThat(state("a")).isEqualTo("idle");
    }

    @Test
    void failureAfterPluggingTakesTheDeviceOutAgain() {
        var plug = qemu.onPlug;
        qemu.onPlug = id -> {
            plug.accept(id);
            connection(id).failing = true;
        };
        assertThatThrownBy(() -> attach("m")).hasMessageContaining("fails in this test");
        assertThat(qemu.plugged).isEmpty();
        assertThatThrownBy(() -> attach("a")).hasMessageContaining("fails in this test");
        assertThat(qemu.plugged).hasSize(1);
        assertThat(connection("vnvme-a").shown()).isEmpty();
        connection("vnvme-a").failing = false;
        assertThat(state("a")).isEqualTo("idle");
    }

    private List<String> events(EventKind kind) {
        return services.events().after(0, Duration.ZERO).stream()
                .filter(event -> event.kind().equals(kind.text()))
                .map(EventInfo::text)
                .toList();
    }

    @Test
    void aMigrationIsCancelledAndTheVmNamed() {
        attach("a");
        qemu.migration = "active";
        await().until(() -> qemu.migration.equals("cancelled"));
        await().until(() -> !events(EventKind.MIGRATION_CANCELLED).isEmpty());
        assertThat(events(EventKind.MIGRATION_CANCELLED))
                .containsExactly(
                        "VM fake was about to be migrated with a, which would have been dead there: the migration is"
                                + " cancelled; detach, then migrate");
        assertThat(services.system().warnings()).isEmpty();
    }

    @Test
    void aMigrationThatWasOverIsToldOnceAndForgottenWhenItIs() {
        attach("a");
        qemu.cancelled = "completed";
        qemu.migration = "active";
        await().until(() -> !services.system().warnings().isEmpty());
        String text = "VM fake is being migrated, or was (completed), with a: it was over before it could be cancelled;"
                + " the drive is dead where it arrives";
        assertThat(services.vnvmes().show("a").warnings()).containsExactly(text);
        assertThat(events(EventKind.MIGRATION_UNSTOPPED)).containsExactly(text);
        qemu.migration = "none";
        await().until(() -> services.system().warnings().isEmpty());
        assertThat(events(EventKind.MIGRATION_UNSTOPPED)).hasSize(1);
    }

    @Test
    void aVmWhoseControllerIsParkedMayMigrate() {
        attach("a");
        assertThat(detach("a").outcome()).contains("empty controller stays");
        qemu.migration = "active";
        qemu.commands.clear();
        await().until(() -> Collections.frequency(qemu.commands, "query-migrate") > 3);
        assertThat(qemu.commands).doesNotContain("migrate_cancel");
        assertThat(services.system().warnings()).isEmpty();
    }
}
