package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.assertProblem;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.AttachToVm;
import io.vnvme.control.model.AttachVnvme;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DetachFromVm;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.VmDriveInfo;
import io.vnvme.control.model.VmInfo;
import io.vnvme.control.model.VnvmeChange;
import io.vnvme.control.model.VnvmeInfo;
import io.vnvme.control.plane.FakeConnection;
import io.vnvme.control.plane.FakeDataPlane;
import io.vnvme.control.vm.FakeQemu;
import io.vnvme.control.vm.FakeVirsh;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VmsTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path folder;

    private final FakeDataPlane plane = new FakeDataPlane();
    private final Map<String, FakeConnection> connections = new ConcurrentHashMap<>();
    private FakeVirsh virsh;
    private Services services;
    private Thread engine;

    @BeforeEach
    void setUp() {
        virsh = new FakeVirsh(folder.resolve("bin")).withDomain("lab");
        services = new Services(
                new ServiceSetup("test", folder, folder, List.of(new RamOffer("ram0", 64 * MIB)), Duration.ofMillis(20))
                        .withLibvirt(Optional.of(virsh.libvirt())),
                plane);
        services.drives().claim(ClaimDrive.of("ram0", null, null, false));
        services.vnvmes().create(CreateVnvme.thin("a", MIB));
        services.vnvmes().create(CreateVnvme.thin("b", MIB));
        engine = Thread.ofVirtual().start(this::connectWhatIsPlugged);
    }

    @AfterEach
    void tearDown() throws InterruptedException {
        engine.interrupt();
        engine.join();
        services.close();
    }

    /** As the engine sees the QEMU come that the fake virsh stands for. */
    private void connectWhatIsPlugged() {
        Path plugging = virsh.folder.resolve("plugging");
        try {
            while (true) {
                if (Files.exists(plugging)) {
                    String id = Files.readString(plugging).strip();
                    String home = id.substring("vnvme-".length());
                    connections.put(id, requireNonNull(plane.exports.get(home)).connect());
                    Files.delete(plugging);
                }
                Thread.sleep(5);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private VnvmeChange attach(String vnvme, String vm) {
        return services.vnvmes().attach(vm, new AttachToVm(vnvme, false, 50));
    }

    @Test
    void attachesToADomainByItsName() {
        VnvmeChange change = attach("a", "lab");
        assertThat(change.outcome()).isEqualTo("a is attached to VM lab");
        assertThat(requireNonNull(change.vnvme().attachment()).vm()).isEqualTo("lab");
        assertThat(requireNonNull(change.vnvme().attachment()).qmp()).isNull();
        VmInfo lab = services.vms().show("lab");
        assertThat(lab.state()).isEqualTo("running");
        assertThat(lab.drives()).extracting(VmDriveInfo::vnvme).containsExactly("a");
        assertThat(services.vnvmes().listOf("lab")).extracting(VnvmeInfo::name).containsExactly("a");
        // Libvirt plugs its own devices into the first port.
        assertThat(virsh.calls().toString()).contains("\"bus\":\"pci.10\"");

        assertProblem(
                ProblemCode.NOT_ATTACHED, () -> services.vnvmes().detach("other", new DetachFromVm("a", false, 50)));
        services.vnvmes().detach("lab", new DetachFromVm("a", false, 50));
        lab = services.vms().show("lab");
        assertThat(lab.drives()).isEmpty();
        assertThat(lab.parkedCount()).isEqualTo(1);
        virsh.answer("qom-list", "{\"return\":[{\"name\":\"vnvme-a\",\"type\":\"child<vfio-user-pci>\"}]}");
        attach("b", "lab");
        assertThat(connections).containsOnlyKeys("vnvme-a");
    }

    @Test
    void vmThatEndsHasNothingAttached() {
        attach("a", "lab");
        virsh.answer("domstats", "Domain: 'lab'\n  state.state=5\n");
        requireNonNull(connections.get("vnvme-a")).open = false;
        VmInfo lab = services.vms().show("lab");
        assertThat(lab.state()).isEqualTo("off");
        assertThat(lab.drives()).isEmpty();
        assertThat(services.vnvmes().show("a").state()).isEqualTo("idle");
        virsh.fail("query-version", "error: Requested operation is not valid: domain is not running\n");
        assertProblem(ProblemCode.VM_NOT_RUNNING, () -> attach("a", "lab"));
    }

    @Test
    void whatADomainLacksIsSaidInItsWords() {
        virsh.answer("query-memdev", "{\"return\":[{\"id\":\"pc.ram\",\"share\":false}]}");
        assertThat(Fixture.problem(() -> attach("a", "lab")).detail())
                .contains("<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>");
        virsh.answer("query-memdev", "{\"return\":[{\"id\":\"pc.ram\",\"share\":true}]}");
        virsh.answer("qom-get", "{\"return\":false}");
        assertThat(Fixture.problem(() -> attach("a", "lab")).detail())
                .contains("<controller type='pci' model='pcie-root-port'/>");
        virsh.answer("qom-get", "{\"return\":true}");
        virsh.answer("query-status", "{\"return\":{\"status\":\"paused\"}}");
        assertThat(Fixture.problem(() -> attach("a", "lab")).detail()).contains("virsh resume");
        virsh.answer("query-status", "{\"return\":{\"status\":\"running\"}}");
        virsh.answer("device-list-properties", "{\"error\":{\"class\":\"DeviceNotFound\",\"desc\":\"no\"}}");
        assertThat(Fixture.problem(() -> attach("a", "lab")).detail()).contains("<emulator>");
        assertThat(services.vnvmes().show("a").connections()).isEmpty();
    }

    @Test
    void socketIsClosedToQemuAgainAfterItConnected() throws IOException {
        Path socket = Path.of(services.vnvmes().show("a").socket());
        // The fake data plane makes no file.
        Files.createFile(socket);
        Object own = Files.getAttribute(socket, "unix:uid");
        virsh.answer(
                "dumpxml", "<domain><seclabel model='dac'><label>+%s:+0</label></seclabel></domain>".formatted(own));
        virsh.answer(
                "device_add",
                "{\"error\":{\"class\":\"GenericError\",\"desc\":\"Failed to connect to 'x': Permission denied\"}}");
        assertThat(Fixture.problem(() -> attach("a", "lab")).detail()).contains("AppArmor");
        assertThat(Files.getAttribute(socket, "unix:uid")).isEqualTo(own);
    }

    @Test
    void socketsThatAnsweredAreKnownByTheirVmsNames() {
        try (FakeQemu qemu = new FakeQemu(folder.resolve("qmp"))) {
            qemu.onPlug = id ->
                    connections.put(id, requireNonNull(plane.exports.get("a")).connect());
            services.vnvmes().attach("a", AttachVnvme.toSocket(qemu.path.toString(), false, 50));
            assertThat(services.vms().list()).extracting(VmInfo::name).containsExactly("lab", "fake");
            assertThat(services.vms().show("fake").drives()).hasSize(1);
            assertProblem(ProblemCode.ALREADY_ATTACHED, () -> attach("a", "fake"));
        }
        requireNonNull(connections.get("vnvme-a")).open = false;
        assertThat(services.vms().show("fake").state()).isEqualTo("gone");
        assertThat(services.vms().show("fake").drives()).isEmpty();
    }

    @Test
    void twoOfOneNameAreNotConfused() {
        virsh.withDomain("fake");
        try (FakeQemu qemu = new FakeQemu(folder.resolve("qmp"))) {
            qemu.onPlug = id ->
                    connections.put(id, requireNonNull(plane.exports.get("a")).connect());
            services.vnvmes().attach("a", AttachVnvme.toSocket(qemu.path.toString(), false, 50));
            assertProblem(ProblemCode.BAD_REQUEST, () -> attach("b", "fake"));
            assertProblem(ProblemCode.BAD_REQUEST, () -> services.vms().show("fake"));
        }
    }

    @Test
    void whoIsMeantHasToBeSaid() {
        assertProblem(ProblemCode.UNKNOWN_VM, () -> attach("a", "--all"));
        assertProblem(ProblemCode.UNKNOWN_VM, () -> services.vms().show("none"));
        assertProblem(
                ProblemCode.BAD_REQUEST,
                () -> services.vnvmes().attach("a", new AttachVnvme("lab", "/qmp", false, 50)));
        assertProblem(
                ProblemCode.BAD_REQUEST, () -> services.vnvmes().attach("a", AttachVnvme.toSocket("/\0", false, 50)));
        assertProblem(ProblemCode.BAD_REQUEST, () -> services.vnvmes().attach("lab", new AttachToVm(null, false, 50)));
        assertProblem(ProblemCode.UNKNOWN_VNVME, () -> attach("none", "lab"));
    }

    @Test
    void libvirtThatDoesNotAnswerHoldsUpNobodyElse() {
        virsh.fail("domstats", "error: failed to connect to the hypervisor\n");
        virsh.fail("uri", "error: failed to connect to the hypervisor\n");
        assertThat(services.vms().list()).isEmpty();
        assertThat(services.vms().hypervisors()).singleElement().satisfies(h -> {
            assertThat(h.state()).isEqualTo("unreachable");
            assertThat(h.detail()).contains("failed to connect");
        });
        assertProblem(ProblemCode.LIBVIRT_UNREACHABLE, () -> attach("a", "lab"));
    }
}
