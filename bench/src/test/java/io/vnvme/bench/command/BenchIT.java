package io.vnvme.bench.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.avaje.jsonb.Jsonb;
import io.vnvme.control.daemon.Daemon;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.control.service.RamOffer;
import io.vnvme.control.service.ServiceSetup;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.server.ReactorCount;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code vnvme bench} as a process, at a daemon in this one. */
class BenchIT {
    @TempDir
    Path folder;

    private Daemon daemon;

    private record Result(int status, String out, String err) {}

    @BeforeEach
    void setUp() {
        daemon = new Daemon(
                new ServiceSetup("test", folder, folder, List.of(new RamOffer("ram0", 64 << 20))),
                () -> EngineDataPlane.start(ReactorSettings.of(ReactorCount.ofTests(), Idle.policy())),
                System.currentTimeMillis());
        daemon.services().drives().claim(ClaimDrive.of("ram0", null, null, false));
        daemon.services().vnvmes().create(CreateVnvme.thin("d1", 32 << 20));
    }

    @AfterEach
    void tearDown() {
        daemon.close();
    }

    private Result bench(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName(),
                "bench",
                "--run",
                folder.toString(),
                "--seconds",
                "0.3"));
        command.addAll(List.of(arguments));
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        Process process = new ProcessBuilder(command)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        int status = process.waitFor();
        return new Result(
                status, Files.readString(out, StandardCharsets.UTF_8), Files.readString(err, StandardCharsets.UTF_8));
    }

    @Test
    void measuresAndVerifies() throws Exception {
        Result result =
                bench("d1", "--workload", "mixed", "--verify", "--yes", "--queues", "2", "--size", "16K", "--json");
        assertThat(result.err()).isEmpty();
        BenchResult measured = Jsonb.builder().build().type(BenchResult.class).fromJson(result.out());
        assertThat(measured.vnvme()).isEqualTo("d1");
        assertThat(measured.workload()).isEqualTo("random 70/30 read and write");
        assertThat(measured.iops()).isPositive();
        assertThat(measured.bytesPerSecond() / measured.iops()).isBetween(16_383.0, 16_385.0);
        assertThat(measured.latency().p50Us())
                .isPositive()
                .isLessThanOrEqualTo(measured.latency().p9999Us());
        assertThat(measured.cpuUsPerIo()).isPositive();
        assertThat(measured.checked()).isPositive();
        assertThat(measured.wrong()).isZero();
        assertThat(result.status()).isZero();
    }

    @Test
    void aDriveThatKeepsNothingIsFoundOut() throws Exception {
        daemon.services().drives().claim(ClaimDrive.of("null:64M", null, null, false));
        daemon.services().pools().create(new CreatePool("nothing", List.of("null0"), null));
        daemon.services().vnvmes().create(CreateVnvme.thin("n1", 16 << 20).inPool("nothing"));
        Result result = bench("n1", "--workload", "mixed", "--verify", "--yes");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err())
                .startsWith("vnvme: ")
                .contains("found something else")
                .hasLineCount(1);
    }

    @Test
    void nothingIsOverwrittenUnasked() throws Exception {
        Result result = bench("d1", "--workload", "write");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains("this overwrites what is on d1", "--yes");
        assertThat(daemon.services().vnvmes().show("d1").usedBytes()).isZero();
    }

    @Test
    void aDriveInUseIsLeftAlone() throws Exception {
        Path socket = Path.of(daemon.services().vnvmes().show("d1").socket());
        try (SocketDevice guest = SocketDevice.open(socket, RamLayout.single(1 << 20), 0)) {
            Result result = bench("d1", "--yes", "--workload", "write");
            assertThat(guest.client().deviceInfo().regionCount()).isPositive();
            assertThat(result.status()).isEqualTo(1);
            assertThat(result.err())
                    .isEqualTo("vnvme: d1 is connected: nothing was done; a vNVMe that is in use is not measured\n");
        }
    }

    @Test
    void wrongUsage() throws Exception {
        for (String[] wrong : new String[][] {
            {"d1", "--workload", "erase"}, {"d1", "--size", "5"}, {"d1", "--depth", "0"}, {"d1", "--verify"}, {}
        }) {
            assertThat(bench(wrong).status()).as(String.join(" ", wrong)).isEqualTo(2);
        }
        assertThat(bench("none").err()).contains("no vNVMe none");
    }
}
