package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.vm.FakeVirsh;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.server.ReactorCount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Daemon and commands as processes of their own, as they are used. */
class CliIT {
    @TempDir
    Path folder;

    private Process daemon;
    private String banner = "";

    private record Result(int status, String out, String err) {}

    private FakeVirsh virsh;

    @BeforeEach
    void setUp() throws IOException {
        virsh = new FakeVirsh(folder.resolve("bin"));
        daemon = startDaemon();
    }

    private Process startDaemon() throws IOException {
        return startReactors(
                Integer.toString(ReactorCount.ofTests()), Idle.policy().name());
    }

    private Process startReactors(String reactors, String idle) throws IOException {
        return startDaemon("--ram", "2x64M", "--reactors", reactors, "--idle", idle);
    }

    private Process startDaemon(String... options) throws IOException {
        List<String> words = new ArrayList<>(
                List.of("daemon", "--state", folder.resolve("state").toString()));
        words.addAll(List.of(options));
        Process process = java(words.toArray(String[]::new))
                .redirectError(folder.resolve("daemon.log").toFile())
                .start();
        banner = String.valueOf(process.inputReader().readLine());
        return process;
    }

    @AfterEach
    void tearDown() throws InterruptedException {
        stopDaemon();
    }

    private int stopDaemon() throws InterruptedException {
        daemon.destroy();
        if (!daemon.waitFor(20, TimeUnit.SECONDS)) {
            daemon.destroyForcibly().waitFor();
        }
        return daemon.exitValue();
    }

    private ProcessBuilder java(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "io.vnvme.control.cli.Vnvme"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("VNVME_RUN", folder.resolve("run").toString());
        // No libvirt of this host.
        builder.environment().put("VNVME_VIRSH", virsh.program().toString());
        return builder;
    }

    private Result vnvme(String... arguments) {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        try {
            Process process = java(arguments)
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            int status = process.waitFor();
            return new Result(
                    status,
                    Files.readString(out, StandardCharsets.UTF_8),
                    Files.readString(err, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void fails(int status, String words, String... arguments) {
        Result result = vnvme(arguments);
        assertThat(result.err()).startsWith("vnvme: ").contains(words);
        assertThat(result.out()).isEmpty();
        assertThat(result.status()).isEqualTo(status);
        if (status == 1) {
            assertThat(result.err().lines()).hasSize(1);
        }
    }

    private String does(String... arguments) {
        Result result = vnvme(arguments);
        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
        return result.out();
    }

    @Test
    void aDriveAndItsErrorsOverARestart() throws IOException, InterruptedException {
        assertThat(banner).contains("serves on", "2 drives, 0 vNVMes");
        assertThat(does("status")).contains("0 claimed of 2");
        assertThat(does("drive", "ls")).contains("NAME", "ram1", "available");
        fails(1, "no drive is claimed", "create", "d1", "--size", "1M");
        assertThat(does("drive", "claim", "ram1")).isEqualTo("claimed ram1: 64 MiB\n");
        fails(1, "is claimed already", "drive", "claim", "ram1");
        fails(1, "no drive ram7: there are ram1, ram0", "drive", "claim", "ram7");
        assertThat(does("create", "d1", "--size", "32M"))
                .startsWith("made pool pool0 of drive ram1\ncreated d1: 32 MiB in pool pool0")
                .contains(" ms)");
        fails(1, "20 GiB thick do not fit", "create", "d2", "--size", "20G", "--thick");
        fails(1, "there is a vNVMe d1 already", "create", "d1", "--size", "1M");
        fails(2, "write it like 512M", "create", "d2", "--size", "many");
        fails(2, "--size", "create", "d2");
        fails(2, "say what to do", "drive");
        fails(2, "nonsense", "nonsense");
        assertThat(does("ls")).contains("d1", "32 MiB", "idle");
        assertThat(does("ls", "--json")).startsWith("[{\"name\":\"d1\"");
        String shown = does("show", "d1");
        assertThat(shown).contains("-device '{\"driver\":\"vfio-user-pci\"", "/run/drives/d1/cntrl");
        fails(
                1,
                "no QMP at " + folder.resolve("none"),
                "attach",
                "d1",
                "--qmp",
                folder.resolve("none").toString());
        fails(1, "d1 is not attached to any VM", "detach", "d1");
        assertThat(stopDaemon()).isEqualTo(143);
        fails(1, "start one with 'vnvme daemon'", "ls");
        assertThat(folder.resolve("run/drives/d1/cntrl")).doesNotExist();

        daemon = startDaemon();
        assertThat(banner).contains("2 drives, 1 vNVMes");
        assertThat(does("show", "d1")).isEqualTo(shown);
        Result second = vnvme("daemon", "--state", folder.resolve("state").toString());
        assertThat(second.status()).isEqualTo(1);
        assertThat(second.err()).contains("another vnvme daemon (process %d)".formatted(daemon.pid()));
        assertThat(does("rm", "d1")).isEqualTo("removed d1\n");
        fails(1, "drive ram1 belongs to pool pool0", "drive", "release", "ram1");
        assertThat(does("pool", "destroy", "pool0")).isEqualTo("destroyed pool pool0\n");
        assertThat(does("drive", "release", "ram1")).isEqualTo("released ram1\n");
        fails(1, "no vNVMe d1: there is none yet", "show", "d1");
    }

    @Test
    void reactorsAndTop() {
        does("drive", "claim", "null:1T");
        does("create", "d1", "--size", "100G");
        assertThat(does("drive", "ls")).contains("null0", "1 TiB");
        assertThat(does("reactor", "ls")).contains("NAME", "ASLEEP", "reactor-0");
        assertThat(does("reactor", "ls", "--json")).startsWith("[{\"name\":\"reactor-0\"");
        assertThat(does("top", "--once", "--interval", "0.1")).contains("REACTOR", "P99 us", "d1 ");
        assertThat(does("top", "--once", "--json", "--interval", "0.1"))
                .startsWith("{\"at\":")
                .contains("\"reactors\":[{", "\"queueDepth\":0")
                .hasLineCount(1);
        fails(2, "it is 0.01 to 60", "top", "--once", "--interval", "0");
        fails(2, "say what to do: ls or move", "reactor");
    }

    @Test
    void vmsOfLibvirt() {
        virsh.withDomain("web 1");
        does("drive", "claim", "ram0");
        does("create", "d1", "--size", "1M");
        assertThat(does("vm", "ls").lines().map(line -> line.strip().replaceAll(" +", " ")))
                .containsExactly("NAME STATE BY VNVMES", "web 1 running libvirt -");
        assertThat(does("vm", "show", "web 1")).contains("reached by  libvirt, uuid " + FakeVirsh.UUID);
        assertThat(does("ls", "--vm", "web 1")).startsWith("VM web 1 has no vNVMe");
        virsh.answer("query-memdev", "{\"return\":[{\"id\":\"pc.ram\",\"share\":false}]}");
        fails(1, "<access mode='shared'/>", "attach", "d1", "--vm", "web 1");
        fails(1, "no VM web 2: see 'vnvme vm ls'", "attach", "d1", "--vm", "web 2");
        fails(1, "d1 is not attached to any VM", "detach", "d1", "--vm", "web 1");
        fails(2, "--vm=VM", "attach", "d1");
        fails(2, "mutually exclusive", "attach", "d1", "--vm", "web 1", "--qmp", "/q");
        fails(2, "say what to do: ls or show", "vm");
        assertThat(does("show", "d1", "--libvirt")).contains("<access mode='shared'/>", "/run/drives/d1/cntrl");
        assertThat(does("show", "d1", "--cloud-hypervisor")).contains("--user-device");
        assertThat(does("show", "d1", "--proxmox")).contains("args: ");
        assertThat(does("show", "d1", "--qemu")).contains("-device '{");

        virsh.fail("domstats", "error: failed to connect to the hypervisor\n");
        virsh.fail("uri", "error: failed to connect to the hypervisor\n");
        Result unreachable = vnvme("vm", "ls");
        assertThat(unreachable.out()).startsWith("no VMs");
        assertThat(unreachable.err()).startsWith("warning: libvirt at qemu:///system does not answer");
    }

    @Test
    void poolsOnTwoReactors() throws IOException, InterruptedException {
        fails(2, "3 reactors on 2 processors", "daemon", "--reactors", "3", "--cpus", "0,1");
        fails(2, "write them like 2,3 or 4-7", "daemon", "--cpus", "two");
        fails(2, "poll, adaptive or interrupt", "daemon", "--idle", "poll,lazy");
        stopDaemon();
        daemon = startReactors("2", "interrupt,adaptive");
        does("drive", "claim", "ram0");
        does("drive", "claim", "ram1");
        does("pool", "create", "p0", "ram0");
        does("pool", "create", "p1", "ram1");
        assertThat(does("reactor", "ls").lines().map(String::strip))
                .anyMatch(line -> line.startsWith("reactor-0") && line.contains("interrupt") && line.endsWith("p0"))
                .anyMatch(line -> line.startsWith("reactor-1") && line.contains("adaptive") && line.endsWith("p1"));
        assertThat(does("reactor", "move", "p1", "reactor-0")).isEqualTo("pool p1 is served by reactor-0\n");
        fails(1, "no reactor r9: there are reactor-0, reactor-1", "reactor", "move", "p1", "r9");
        assertThat(does("reactor", "ls")).contains("p0, p1");
        assertThat(does("top", "--once", "--interval", "0.1")).contains("reactor-0", "reactor-1");
    }

    @Test
    void killedDaemonComesBackWithTheSame() throws IOException, InterruptedException {
        does("drive", "claim", "ram0");
        does("create", "d1", "--size", "1M");
        String shown = does("show", "d1", "--json");
        daemon.destroyForcibly().waitFor();
        assertThat(folder.resolve("run/drives/d1/cntrl")).exists();
        daemon = startDaemon();
        assertThat(does("show", "d1", "--json")).isEqualTo(shown);
    }

    @Test
    void configurationFile() throws IOException, InterruptedException {
        stopDaemon();
        Path file = folder.resolve("vnvme.toml");
        Files.writeString(file, "ram = ['3x64M']\nreactors = 65\n");
        fails(1, "vnvme.toml:2:1: reactors: 65 reactors: write 1 to 64", "config", "check", file.toString());
        fails(1, "vnvme.toml:2:1: reactors", "daemon", "--config", file.toString());
        fails(1, "there is no such file", "daemon", "--config", file + ".old");

        Files.writeString(
                file, "ram = ['3x64M']\nidle = ['interrupt']\nrun = '%s'\n".formatted(folder.resolve("other")));
        assertThat(does("config", "check", file.toString())).contains("a daemon can start with it");
        daemon = startDaemon("--idle", "poll", "--config", file.toString());
        assertThat(does("reactor", "ls")).contains("poll").doesNotContain("interrupt");
        assertThat(folder.resolve("other")).doesNotExist();
        assertThat(does("config", "sample")).contains("#listen");
    }

    @Test
    void helpIsThere() {
        assertThat(does("--help")).contains("daemon", "attach", "status", "pool", "snapshot", "events");
        assertThat(does("create", "--help")).contains("--size", "--msi");
        assertThat(does("--version")).startsWith("vnvme ");
    }
}
