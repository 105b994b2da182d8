package io.vnvme.control.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.AttachVnvme;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DetachVnvme;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.VnvmeChange;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.Vm;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.server.ReactorCount;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Drives plugged into a running Linux guest and taken out again. */
@Tag("guest")
class AttachIT {
    private static final long MIB = 1 << 20;
    private static final Duration WATCH = Duration.ofMillis(200);

    @TempDir
    Path folder;

    private Services services;

    @BeforeEach
    void start() {
        open();
        services.drives().claim(ClaimDrive.of("ram0", null, null, false));
    }

    private void open() {
        services = new Services(
                new ServiceSetup("test", folder, folder, List.of(new RamOffer("ram0", 256 * MIB)), WATCH),
                EngineDataPlane.start(ReactorSettings.of(ReactorCount.ofTests(), Idle.policy())));
    }

    @AfterEach
    void stop() {
        services.close();
    }

    private void create(String name, boolean msi) {
        services.vnvmes().create(CreateVnvme.thin(name, 32 * MIB).withMsi(msi));
    }

    private VnvmeChange attach(String name, Vm vm) {
        return services.vnvmes()
                .attach(name, AttachVnvme.toSocket(vm.qmpSocket().toString(), false, null));
    }

    private long events(EventKind kind) {
        return services.events().after(0, Duration.ZERO).stream()
                .filter(event -> event.kind().equals(kind.text()))
                .count();
    }

    private VnvmeChange detach(String name) {
        return services.vnvmes().detach(name, new DetachVnvme(false, null));
    }

    private static void awaitDrives(Vm vm, int count) {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> vm.sh("ls -1 /sys/block")
                                .lines()
                                .filter(l -> l.contains("nvme"))
                                .count()
                        == count);
    }

    @Test
    void parkedControllerTakesTheNextDriveAgainAndAgain() {
        create("a", false);
        create("b", false);
        try (Vm vm = Vm.builder(Lab.prepare()).name("parked").rootPorts(1).start()) {
            assertThat(attach("a", vm).outcome()).isEqualTo("a is attached to VM parked");
            awaitDrives(vm, 1);
            vm.sh("echo first > /tmp/x && dd if=/tmp/x of=/dev/nvme0n1 bs=4096 conv=sync,fsync");
            for (int i = 0; i < 3; i++) {
                assertThat(detach("a").outcome()).contains("empty controller stays");
                awaitDrives(vm, 0);
                assertThat(attach("b", vm).vnvme().state()).isEqualTo("attached");
                awaitDrives(vm, 1);
                assertThat(vm.sh("head -c 5 /dev/nvme0n1 | tr '\\0' 0")).startsWith("00000");
                detach("b");
                awaitDrives(vm, 0);
                attach("a", vm);
                awaitDrives(vm, 1);
                assertThat(vm.sh("head -c 5 /dev/nvme0n1")).startsWith("first");
            }
        }
        await().until(() -> services.vnvmes().show("a").state().equals("idle"));
    }

    @Test
    void removedDriveLeavesItsParkedControllerUsable() {
        create("a", false);
        create("b", false);
        try (Vm vm = Vm.builder(Lab.prepare()).name("orphan").rootPorts(1).start()) {
            attach("a", vm);
            awaitDrives(vm, 1);
            detach("a");
            services.vnvmes().remove("a");
            create("a", false);
            attach("b", vm);
            awaitDrives(vm, 1);
            detach("b");
            awaitDrives(vm, 0);
            attach("a", vm);
            awaitDrives(vm, 1);
        }
    }

    @Test
    void twoControllersOfOneVmAreKeptApart() {
        create("a", false);
        create("b", false);
        try (Vm one = Vm.builder(Lab.prepare()).name("double").rootPorts(2).start();
                Vm two = Vm.builder(Lab.prepare()).name("other").rootPorts(1).start()) {
            attach("a", one);
            detach("a");
            services.vnvmes().remove("a");
            create("a", false);
            attach("b", one);
            attach("a", two);
            detach("a");
            attach("a", one);
            awaitDrives(one, 2);
            detach("a");
            awaitDrives(one, 1);
            detach("b");
            awaitDrives(one, 0);
        }
    }

    @Test
    void msiDriveIsTrulyUnplugged() {
        create("m", true);
        try (Vm vm = Vm.builder(Lab.prepare()).name("msi").rootPorts(1).start()) {
            for (int i = 0; i < 2; i++) {
                attach("m", vm);
                awaitDrives(vm, 1);
                assertThat(detach("m").outcome()).contains("unplugged");
                assertThat(vm.sh("lspci -n")).doesNotContain("0108");
                assertThat(services.vnvmes().show("m").connections()).isEmpty();
            }
        }
    }

    @Test
    void restartedDaemonAttachesAsASecondDevice() {
        create("a", false);
        try (Vm vm = Vm.builder(Lab.prepare()).name("again").rootPorts(2).start()) {
            attach("a", vm);
            awaitDrives(vm, 1);
            services.close();
            open();
            // Linux takes no second controller of that subsystem while it has the namespace on the dead one.
            vm.sh("echo 1 > /sys/class/nvme/nvme0/device/remove");
            awaitDrives(vm, 0);
            assertThat(attach("a", vm).outcome()).isEqualTo("a is attached to VM again");
            awaitDrives(vm, 1);
            vm.sh("echo anew > /tmp/x && dd if=/tmp/x of=/dev/nvme0n1 bs=4096 conv=sync,fsync");
            assertThat(vm.sh("head -c 4 /dev/nvme0n1")).startsWith("anew");
        }
    }

    @Test
    void dataMovesBetweenVms() {
        create("a", false);
        try (Vm one = Vm.builder(Lab.prepare()).name("one").rootPorts(1).start();
                Vm two = Vm.builder(Lab.prepare()).name("two").rootPorts(1).start()) {
            attach("a", one);
            awaitDrives(one, 1);
            assertThatThrownBy(() -> attach("a", two)).hasMessageContaining("attached to VM one already");
            one.sh("echo moved > /tmp/x && dd if=/tmp/x of=/dev/nvme0n1 bs=4096 conv=sync,fsync");
            detach("a");
            attach("a", two);
            awaitDrives(two, 1);
            assertThat(two.sh("head -c 5 /dev/nvme0n1")).isEqualToIgnoringWhitespace("moved");
        }
    }

    @Test
    void aMigrationIsCancelledAndTheGuestGoesOn() {
        create("a", false);
        try (Vm vm = Vm.builder(Lab.prepare()).name("moving").rootPorts(1).start()) {
            attach("a", vm);
            awaitDrives(vm, 1);
            // Far too slow to be over before the daemon looks.
            vm.qmp().execute("migrate-set-parameters", Map.of("max-bandwidth", 1 << 20));
            vm.qmp().execute("migrate", Map.of("uri", "exec:cat > /dev/null"));
            await().atMost(Duration.ofSeconds(60)).until(() -> events(EventKind.MIGRATION_CANCELLED) == 1);
            assertThat(vm.qmp().execute("query-migrate", Map.of()).toString()).contains("cancelled");
            assertThat(
                            vm.sh(
                                    "echo stays > /tmp/x && dd if=/tmp/x of=/dev/nvme0n1 bs=4096 conv=sync,fsync && head -c 5 /dev/nvme0n1"))
                    .contains("stays");
        }
    }

    @Test
    void memoryThatIsNotSharedIsRefusedUnlessForced() {
        create("a", false);
        try (Vm vm = Vm.builder(Lab.prepare())
                .name("private")
                .rootPorts(1)
                .sharedMemory(false)
                .start()) {
            assertThatThrownBy(() -> attach("a", vm))
                    .isInstanceOfSatisfying(
                            ProblemException.class,
                            e -> assertThat(e.code()).isEqualTo(ProblemCode.VM_MEMORY_NOT_SHARED));
            assertThat(services.vnvmes().show("a").connections()).isEmpty();
            VnvmeChange change = services.vnvmes()
                    .attach("a", AttachVnvme.toSocket(vm.qmpSocket().toString(), true, null));
            assertThat(change.warnings()).anyMatch(w -> w.contains("slow"));
            awaitDrives(vm, 1);
            vm.sh("echo slow > /tmp/x && dd if=/tmp/x of=/dev/nvme0n1 bs=4096 conv=sync,fsync");
            assertThat(vm.sh("head -c 4 /dev/nvme0n1")).startsWith("slow");
        }
    }

    @Test
    void noFreePortIsSaid() {
        create("a", false);
        try (Vm vm = Vm.builder(Lab.prepare()).name("full").rootPorts(0).start()) {
            assertThatThrownBy(() -> attach("a", vm))
                    .isInstanceOfSatisfying(
                            ProblemException.class, e -> assertThat(e.code()).isEqualTo(ProblemCode.VM_NO_FREE_PORT));
        }
    }
}
