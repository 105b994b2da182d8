package io.vnvme.control.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vnvme.control.model.AttachToVm;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DetachFromVm;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.VmDriveInfo;
import io.vnvme.control.model.VmInfo;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.control.vm.Libvirt;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.LibvirtVm;
import io.vnvme.testkit.lab.PrivateLibvirt;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.server.ReactorCount;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Drives in domains of a real libvirt. */
@Tag("guest")
class LibvirtIT {
    private static final long MIB = 1 << 20;
    private static final String SHARED = "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>";

    @TempDir
    Path folder;

    private PrivateLibvirt libvirt;
    private Services services;

    @BeforeEach
    void start() {
        Assumptions.assumeTrue(PrivateLibvirt.installed(), "libvirtd and virsh are not installed on this host");
        libvirt = PrivateLibvirt.start(Lab.prepare());
        services = new Services(
                new ServiceSetup("test", folder, folder, List.of(new RamOffer("ram0", 128 * MIB)))
                        .withLibvirt(Optional.of(Libvirt.at(libvirt.uri()))),
                EngineDataPlane.start(ReactorSettings.of(ReactorCount.ofTests(), Idle.policy())));
        services.drives().claim(ClaimDrive.of("ram0", null, null, false));
        services.vnvmes().create(CreateVnvme.thin("a", 32 * MIB));
        services.vnvmes().create(CreateVnvme.thin("m", 32 * MIB).withMsi(true));
    }

    @AfterEach
    void stop() {
        if (services != null) {
            services.close();
        }
        if (libvirt != null) {
            libvirt.close();
        }
    }

    private void attach(String vnvme, String vm) {
        services.vnvmes().attach(vm, new AttachToVm(vnvme, false, null));
    }

    private static void awaitDrives(LibvirtVm vm, int count) {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> vm.sh("ls -1 /sys/block")
                                .lines()
                                .filter(l -> l.contains("nvme"))
                                .count()
                        == count);
    }

    private List<String> attachedTo(String vm) {
        return services.vms().show(vm).drives().stream().map(VmDriveInfo::vnvme).toList();
    }

    @Test
    void drivesComeAndGoInARunningDomain() {
        LibvirtVm.define(libvirt, "lab", SHARED);
        LibvirtVm.define(libvirt, "idle", SHARED);
        assertThat(services.vms().hypervisors()).allMatch(h -> h.state().equals("connected"));
        assertThat(services.vms().list()).extracting(VmInfo::state).containsExactly("off", "off");
        assertThat(Fixture.problem(() -> attach("a", "lab")).code()).isEqualTo(ProblemCode.VM_NOT_RUNNING);

        try (LibvirtVm vm = LibvirtVm.start(libvirt, "lab")) {
            attach("a", "lab");
            awaitDrives(vm, 1);
            vm.sh("echo kept > /tmp/x && dd if=/tmp/x of=/dev/nvme0n1 bs=4096 conv=sync,fsync");
            assertThat(attachedTo("lab")).containsExactly("a");
            assertThat(services.vms().show("lab").state()).isEqualTo("running");
            assertThat(services.vms().show("idle").state()).isEqualTo("off");
            attach("m", "lab");
            awaitDrives(vm, 2);

            services.vnvmes().detach("lab", new DetachFromVm("m", false, null));
            assertThat(services.vnvmes().show("m").connections()).isEmpty();
            services.vnvmes().detach("lab", new DetachFromVm("a", false, null));
            awaitDrives(vm, 0);
            assertThat(services.vms().show("lab").parkedCount()).isEqualTo(1);
            attach("a", "lab");
            awaitDrives(vm, 1);
            assertThat(vm.sh("head -c 4 /dev/nvme0n1")).isEqualTo("kept");
        }
        await().until(() -> services.vnvmes().show("a").state().equals("idle"));
        assertThat(services.vms().show("lab").state()).isEqualTo("off");
        assertThat(attachedTo("lab")).isEmpty();
    }

    @Test
    void domainHasItsDriveFromItsStart() {
        LibvirtVm.define(libvirt, "lasting", services.vnvmes().recipe("a").libvirt());
        try (LibvirtVm vm = LibvirtVm.start(libvirt, "lasting")) {
            awaitDrives(vm, 1);
            vm.sh("echo kept > /tmp/x && dd if=/tmp/x of=/dev/nvme0n1 bs=4096 conv=sync,fsync");
            assertThat(attachedTo("lasting")).containsExactly("a");
            assertThat(services.vnvmes().listOf("lasting"))
                    .extracting(VnvmeInfo::state)
                    .containsExactly("connected");
            attach("m", "lasting");
            awaitDrives(vm, 2);
            assertThat(attachedTo("lasting")).containsExactlyInAnyOrder("a", "m");
        }
        await().until(() -> attachedTo("lasting").isEmpty());
    }

    @Test
    void whatADomainLacksIsSaid() {
        LibvirtVm.define(libvirt, "private", "");
        try (LibvirtVm _ = LibvirtVm.startPaused(libvirt, "private")) {
            assertThat(Fixture.problem(() -> attach("a", "private")).code()).isEqualTo(ProblemCode.VM_NOT_RUNNING);
            assertThat(services.vms().show("private").state()).isEqualTo("paused");
            libvirt.virsh("resume", "--domain", "private");
            assertThat(Fixture.problem(() -> attach("a", "private")).detail()).contains(SHARED);
        }
    }
}
