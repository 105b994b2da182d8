package io.vnvme.control.service;

import static io.vnvme.control.service.Fixture.MIB;
import static io.vnvme.control.service.Fixture.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.Arrival;
import io.vnvme.control.model.ArrivalEnd;
import io.vnvme.control.model.ArrivalInfo;
import io.vnvme.control.model.ArrivingVnvme;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.MigrationFinding;
import io.vnvme.control.model.PlugArrival;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.Qos;
import io.vnvme.control.model.ResumeArrival;
import io.vnvme.control.plane.LayerFacts;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.control.store.ArrivedVm;
import io.vnvme.control.store.StateFile;
import io.vnvme.control.vm.FakeQemu;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** VMs that are on their way here: what is looked at before, and that nothing is left of one that does not come. */
final class ArrivalsTest {
    private static final String UUID = "6a1f2f0e-3c7c-4b52-9c6f-0d9a53a7c111";

    @TempDir
    Path folder;

    private Fixture fixture;
    private FakeQemu qemu;

    @BeforeEach
    void start() {
        fixture = new Fixture(folder);
        fixture.file("drive", 64 * MIB);
        fixture.pool("tank", "drive");
        listen();
        qemu = new FakeQemu(folder.resolve("qmp.sock"));
        qemu.status = "inmigrate";
    }

    private void listen() {
        fixture.plane.tcpPorts.add(TcpPort.parse("0.0.0.0:4420"));
    }

    @AfterEach
    void stop() {
        qemu.close();
        fixture.close();
    }

    private static ArrivingVnvme vnvme() {
        return vnvme("d", UUID, 16 * MIB, MIB);
    }

    private static ArrivingVnvme vnvme(String name, String uuid, long sizeBytes, long usedBytes) {
        return new ArrivingVnvme(
                name,
                uuid,
                sizeBytes,
                usedBytes,
                512,
                false,
                false,
                false,
                null,
                "2026-01-01T00:00:00Z",
                Qos.NONE,
                List.of(),
                false,
                "tank",
                "vnvme-d",
                "rp0");
    }

    private Arrival arrival(@Nullable String pool, ArrivingVnvme... vnvmes) {
        return new Arrival(
                "web",
                qemu.path.toString(),
                "11.1.0",
                qemu.memoryBytes,
                pool,
                "nqn.2014-08.org.nvmexpress:uuid:" + UUID,
                List.of(vnvmes));
    }

    private Arrival arrival() {
        return arrival(null, vnvme());
    }

    private Arrivals arrivals() {
        return fixture.services.arrivals();
    }

    private List<String> volumes() {
        return fixture.fakePool("tank").layers().stream().map(LayerFacts::name).toList();
    }

    private List<MigrationFinding> wrong(Arrival arrival) {
        return arrivals().check(arrival).findings().stream()
                .filter(f -> !f.ok())
                .toList();
    }

    @Test
    void allIsWell() {
        assertThat(arrivals().check(arrival()).findings())
                .extracting(MigrationFinding::what)
                .containsExactly("QEMU there", "names", "space", "network");
        assertThat(wrong(arrival())).isEmpty();
        assertThat(volumes()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "status, waits for no VM",
        "version, older than the VM's",
        "tested, which was tested",
        "memory, of memory and the VM",
        "shared, does not share its memory",
        "plugged, has a device vnvme-d already",
        "port, has no free PCIe port rp0"
    })
    void whatIsWrongWithTheQemuThatWaits(String what, String words) {
        Arrival arrival = arrival();
        switch (what) {
            case "status" -> qemu.status = "running";
            case "version" -> qemu.version = "10.2.0";
            case "tested" -> qemu.version = "11.2.0";
            case "memory" -> qemu.memoryBytes *= 2;
            case "shared" -> qemu.memoryShared = false;
            case "plugged" -> qemu.plugged.put("rp1", "vnvme-d");
            default -> qemu.plugged.put("rp0", "net0");
        }
        assertThat(wrong(arrival)).singleElement().satisfies(finding -> {
            assertThat(finding.what()).isEqualTo("QEMU there");
            assertThat(finding.detail()).contains(words);
        });
        assertProblem(ProblemCode.MIGRATION_REFUSED, () -> arrivals().expect(arrival));
        assertThat(volumes()).isEmpty();
    }

    @Test
    void aNameOrAnIdentityThatIsTaken() {
        fixture.services.vnvmes().create(CreateVnvme.thin("d", 8 * MIB));
        assertThat(wrong(arrival()))
                .singleElement()
                .satisfies(f -> assertThat(f.detail()).contains("there is a vNVMe d already"));
        String uuid = fixture.services.vnvmes().show("d").uuid();
        ArrivingVnvme same = vnvme("other", uuid, 16 * MIB, MIB);
        assertThat(wrong(arrival(null, same)))
                .singleElement()
                .satisfies(f -> assertThat(f.detail()).contains("is here already, with the same identity"));
    }

    @Test
    void noSpaceNoPoolNoNetwork() {
        ArrivingVnvme large = vnvme("d", UUID, 1L << 40, 1L << 39);
        assertThat(wrong(arrival(null, large)))
                .singleElement()
                .satisfies(f -> assertThat(f.detail()).contains("grow it, free some, or name another one"));
        assertThat(wrong(arrival("nowhere", vnvme())))
                .extracting(MigrationFinding::what)
                .contains("space");
        fixture.plane.tcpPorts.clear();
        assertThat(wrong(arrival()))
                .singleElement()
                .satisfies(f -> assertThat(f.detail()).contains("--tcp"));
    }

    @Test
    void whatIsMissingIsRefused() {
        assertProblem(ProblemCode.BAD_REQUEST, () -> arrivals().check(arrival(null)));
        Arrival a = arrival();
        assertProblem(
                ProblemCode.BAD_REQUEST,
                () -> arrivals()
                        .check(new Arrival(a.vm(), a.qmp(), a.qemu(), a.memoryBytes(), null, "nobody", a.vnvmes())));
    }

    /** It has an unfinished name, is nobody's vNVMe, and its name is taken meanwhile. */
    @Test
    void nothingIsLeftOfOneThatIsGivenUp() {
        ArrivalInfo expected = arrivals().expect(arrival());
        assertThat(expected.vnvmes()).singleElement().satisfies(target -> {
            assertThat(target.uuid()).isEqualTo(UUID);
            assertThat(target.addresses()).containsExactly(":4420");
            assertThat(target.keys()).isNotNull();
        });
        assertThat(volumes()).containsExactly("~d");
        assertThat(fixture.services.vnvmes().list()).isEmpty();
        assertProblem(ProblemCode.VNVME_IN_USE, () -> fixture.services.vnvmes().create(CreateVnvme.thin("d", 8 * MIB)));
        assertThat(arrivals().giveUp(expected.id())).isEqualTo(new ArrivalEnd(true, false, ""));
        assertThat(volumes()).isEmpty();
        assertProblem(ProblemCode.UNKNOWN_ARRIVAL, () -> arrivals().show(expected.id()));
        assertProblem(ProblemCode.UNKNOWN_ARRIVAL, () -> arrivals().giveUp(expected.id()));
        fixture.services.vnvmes().create(CreateVnvme.thin("d", 8 * MIB));
    }

    @Test
    void nothingIsLeftOfOneWhoseDaemonIsKilled() {
        ArrivalInfo expected = arrivals().expect(arrival());
        fixture.crash();
        assertThat(volumes()).isEmpty();
        assertThat(fixture.services.vnvmes().list()).isEmpty();
        assertProblem(ProblemCode.UNKNOWN_ARRIVAL, () -> arrivals().resume(expected.id(), new ResumeArrival(true)));
        listen();
        assertThat(arrivals().expect(arrival()).vnvmes()).hasSize(1);
    }

    @Test
    void isNotTakenBeforeAllHasCome() {
        ArrivalInfo expected = arrivals().expect(arrival());
        assertProblem(ProblemCode.BAD_REQUEST, () -> arrivals().resume(expected.id(), new ResumeArrival(true)));
        assertThat(fixture.services.vnvmes().list()).isEmpty();
        assertProblem(ProblemCode.BAD_REQUEST, () -> arrivals().state(expected.id(), "vnvme-d", new byte[8]));
        assertProblem(ProblemCode.BAD_REQUEST, () -> arrivals().pages(expected.id(), "vnvme-d", new byte[4104]));
        assertProblem(ProblemCode.BAD_REQUEST, () -> arrivals().replay(expected.id(), Map.of()));
    }

    /** A plug that fails: the source hears of it, and gives it up. */
    @Test
    void aQemuThatDoesNotTakeTheDrive() {
        ArrivalInfo expected = arrivals().expect(arrival());
        assertProblem(ProblemCode.MIGRATION_REFUSED, () -> arrivals().plug(expected.id(), new PlugArrival(List.of())));
        assertThat(arrivals().giveUp(expected.id()).ended()).isTrue();
        assertThat(volumes()).isEmpty();
    }

    /** Where a vNVMe with that identity is says nothing of whether this VM has come. */
    @Test
    void whatIsHereWasNotTakenForThat() {
        fixture.services.vnvmes().create(CreateVnvme.thin("d", 8 * MIB));
        String id = "4d1f0a52-0d7c-4b7e-8a27-0c2d8f9c0001";
        assertProblem(ProblemCode.UNKNOWN_ARRIVAL, () -> arrivals().resume(id, new ResumeArrival(true)));
        assertProblem(ProblemCode.UNKNOWN_ARRIVAL, () -> arrivals().goOn(id));
    }

    /** Asked by a daemon that did not hear the answer, of one that was started since, and has given the vNVMe away. */
    @Test
    void whatWasTakenIsSaidToBeUntilTheOtherIsDone() {
        String id = "4d1f0a52-0d7c-4b7e-8a27-0c2d8f9c0002";
        fixture.services.close();
        StateFile file = new StateFile(folder);
        file.save(file.load().with(new ArrivedVm(id, qemu.path.toString(), List.of(UUID), true)));
        fixture.crash();
        assertThat(arrivals().resume(id, new ResumeArrival(true)).id()).isEqualTo(id);
        qemu.status = "paused";
        assertProblem(ProblemCode.VM_REFUSED, () -> arrivals().goOn(id));
        arrivals().end(id);
        assertProblem(ProblemCode.UNKNOWN_ARRIVAL, () -> arrivals().resume(id, new ResumeArrival(true)));
    }
}
