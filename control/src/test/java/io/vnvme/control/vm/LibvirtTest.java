package io.vnvme.control.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LibvirtTest {
    private static final VmAddress.Domain LAB = new VmAddress.Domain(FakeVirsh.UUID, "lab");

    @TempDir
    Path folder;

    private FakeVirsh virsh;

    @BeforeEach
    void install() {
        virsh = new FakeVirsh(folder.resolve("bin"));
    }

    private static void assertProblem(ProblemCode code, String words, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(ProblemException.class, e -> {
            assertThat(e.code()).as(e.detail()).isEqualTo(code);
            assertThat(e.detail()).contains(words).doesNotContain("\n");
        });
    }

    @Test
    void domainsComeWithTheirStates() {
        virsh.answer("list", """
                e003c526-8980-4e2a-b497-2869ba103020 lab
                00000000-0000-0000-0000-00000000000a it's 'two' words
                00000000-0000-0000-0000-00000000000b new
                this is no domain
                """);
        virsh.answer("domstats", """
                Domain: 'lab'
                  state.state=3
                  state.reason=1

                Domain: 'it's 'two' words'
                  state.state=5
                  state.reason=99999999999999999999

                Domain: 'gone'
                  state.state=1
                """);
        assertThat(virsh.libvirt().domains())
                .containsExactly(
                        new Domain("lab", FakeVirsh.UUID, "paused"),
                        new Domain("it's 'two' words", "00000000-0000-0000-0000-00000000000a", "off"),
                        new Domain("new", "00000000-0000-0000-0000-00000000000b", "unknown"));
        assertThat(virsh.calls())
                .allSatisfy(call -> assertThat(call).startsWith("--connect", "fake:///system", "--quiet"));
    }

    @Test
    void unreachableLibvirtIsSaid() {
        virsh.fail(
                "domstats",
                "error: failed to connect to the hypervisor\nerror: Failed to connect socket to '/run/x': No such file\n");
        assertProblem(
                ProblemCode.LIBVIRT_UNREACHABLE,
                "failed to connect to the hypervisor; Failed to connect socket",
                () -> virsh.libvirt().domains());
        assertProblem(
                ProblemCode.TOOL_MISSING,
                "cannot be run",
                () -> Libvirt.by(folder.resolve("none"), "x:///", Duration.ofSeconds(1))
                        .domains());
    }

    @Test
    void whatNeverEndsIsGivenUp() {
        virsh.hang("domstats");
        assertProblem(
                ProblemCode.LIBVIRT_UNREACHABLE,
                "did not answer 'domstats'",
                () -> virsh.libvirt(Duration.ofMillis(100)).domains());
    }

    @Test
    void commandsReachTheMonitorAsTheyAre() {
        virsh.answer("device_add", "{\"return\":{}}");
        String hostile = "'; touch x; $(touch x) `touch x` \\ \" * \u00fc";
        Thread.ofVirtual().start(() -> {
            Path plugging = virsh.folder.resolve("plugging");
            while (!plugging.toFile().delete()) {
                Thread.onSpinWait();
            }
        });
        virsh.libvirt().monitor(LAB).execute("device_add", Map.of("id", hostile));
        assertThat(virsh.calls().getLast())
                .containsExactly(
                        "--connect",
                        "fake:///system",
                        "--quiet",
                        "qemu-monitor-command",
                        "--domain",
                        FakeVirsh.UUID,
                        "{\"execute\":\"device_add\",\"arguments\":{\"id\":\"'; touch x; $(touch x) `touch x` \\\\ \\\" * \u00fc\"}}");
        assertThat(virsh.folder.resolve("x")).doesNotExist();
    }

    @Test
    void errorsOfQemuAreQemus() {
        virsh.answer("device_del", "{\"id\":\"libvirt-9\",\"error\":{\"class\":\"DeviceNotFound\",\"desc\":\"no\"}}\n");
        Monitor monitor = virsh.libvirt().monitor(LAB);
        assertThat(monitor.version()).isEqualTo(new QemuVersion(11, 1, 3));
        assertThatThrownBy(() -> monitor.execute("device_del", Map.of()))
                .isInstanceOfSatisfying(
                        QmpException.class, e -> assertThat(e.errorClass()).isEqualTo("DeviceNotFound"));
    }

    @ParameterizedTest
    @CsvSource({
        "error: Requested operation is not valid: domain is not running, VM_NOT_RUNNING",
        "error: failed to get domain 'x', UNKNOWN_VM",
        "error: Timed out during operation: cannot acquire state change lock (held by monitor=x), VM_MONITOR_BUSY",
        "error: failed to connect to the hypervisor, LIBVIRT_UNREACHABLE",
        "error: internal error: End of file from qemu monitor, VM_UNREACHABLE",
        "'', VM_UNREACHABLE"
    })
    void refusalsAreToldApart(String error, ProblemCode code) {
        virsh.fail("query-version", error + "\n");
        assertProblem(code, "", () -> virsh.libvirt().monitor(LAB));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "null", "{\"return\"", "error: half\n{}", "7"})
    void answersThatAreNoneAreCalledThat(String answer) {
        Monitor monitor = virsh.libvirt().monitor(LAB);
        virsh.answer("query-status", answer);
        assertProblem(
                ProblemCode.VM_NOT_QMP, "no answer to query-status", () -> monitor.execute("query-status", Map.of()));
    }

    @ParameterizedTest
    @CsvSource({
        "<domain><seclabel model='dac'><label>+64055:+108</label></seclabel></domain>, 64055",
        "<domain><seclabel model='apparmor'><label>libvirt-x</label></seclabel><seclabel model='dac'><label>+1:+2</label><imagelabel>+1:+2</imagelabel></seclabel></domain>, 1",
        "<domain><seclabel model='dac'><label>root:root</label></seclabel></domain>, ",
        "<domain><metadata><x>+5:+5</x></metadata></domain>, "
    })
    void ownerIsTheOneOfTheLabel(String xml, Integer uid) {
        virsh.answer("dumpxml", xml);
        assertThat(virsh.libvirt().owner(LAB).map(Libvirt.Owner::uid)).isEqualTo(Optional.ofNullable(uid));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "<domain>", "<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><domain>&x;</domain>"})
    void xmlThatIsNoneIsCalledThat(String xml) {
        virsh.answer("dumpxml", xml);
        assertProblem(
                ProblemCode.LIBVIRT_UNREACHABLE, "no XML", () -> virsh.libvirt().owner(LAB));
    }
}
