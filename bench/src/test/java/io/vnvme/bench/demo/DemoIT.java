package io.vnvme.bench.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.bench.report.Figure;
import io.vnvme.bench.report.Results;
import io.vnvme.bench.report.ResultsJson;
import io.vnvme.bench.report.Step;
import io.vnvme.bench.report.Where;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./vnvme demo} as a user starts it. */
@Tag("guest")
class DemoIT {
    private static final int LIMIT_MINUTES = 5;

    @TempDir
    private Path folder;

    private final List<Process> started = new ArrayList<>();
    private final List<String> said = new ArrayList<>();

    @AfterEach
    void endDemo() throws InterruptedException {
        for (Process process : started) {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void showsEverythingAndLeavesNothingButTheReport() throws Exception {
        start("--quick", "--json", "answer.json", "--report", "shown");
        readUntil(line -> false);
        assertThat(demo().waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)).isTrue();
        assertThat(demo().exitValue()).as(String.join("\n", said)).isZero();
        assertNothingLeft(List.of());
        Results results = ResultsJson.read(Files.readString(folder.resolve("answer.json")));
        assertThat(results.ok()).isTrue();
        assertThat(results.steps()).hasSize(10).allMatch(Step::ok);
        assertThat(results.verify().ok()).isTrue();
        assertThat(results.verify().written()).isEqualTo(results.verify().read());
        assertThat(results.guest().lsblk()).contains("vNVMe");
        assertThat(results.guest().nvmeList()).contains("vNVMe");
        assertThat(results.guest().lspci()).contains("Non-Volatile memory controller");
        assertThat(results.fio()).filteredOn(f -> f.where() == Where.HOST).hasSize(6);
        assertThat(results.fio()).filteredOn(f -> f.where() == Where.GUEST).hasSize(8);
        assertThat(results.fio()).extracting(Figure::iops).allMatch(iops -> iops > 0);
        assertThat(results.fio()).extracting(Figure::cpuUsPerIo).allMatch(us -> us > 0);
        for (String file : List.of("results.json", "report.html", "chart.png")) {
            assertThat(folder.resolve("shown").resolve(file)).isNotEmptyFile();
        }
        assertThat(said).anyMatch(line -> line.startsWith("report: "));
    }

    @Test
    void toldToEndItLeavesNothing() throws Exception {
        start("--quick");
        readUntil(line -> line.contains("fio 1 of"));
        List<ProcessHandle> children = demo().descendants().toList();
        assertThat(children).hasSizeGreaterThanOrEqualTo(2);
        demo().toHandle().destroy();
        readUntil(line -> false);
        assertThat(demo().waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)).isTrue();
        assertThat(demo().exitValue()).isNotZero();
        assertNothingLeft(children);
        assertThat(said.getLast()).contains("fio 1 of");
    }

    @Test
    void aDaemonThatDiesIsAFailureThatNamesItsStep() throws Exception {
        start("--quick");
        readUntil(line -> line.startsWith("✓ start the daemon"));
        List<ProcessHandle> children = demo().descendants().toList();
        ProcessHandle daemon = children.stream()
                .filter(child -> commandLine(child).contains("\0daemon\0"))
                .findFirst()
                .orElseThrow();
        daemon.destroyForcibly();
        readUntil(line -> false);
        assertThat(demo().waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)).isTrue();
        assertThat(demo().exitValue()).isEqualTo(1);
        assertThat(children).allSatisfy(child -> child.onExit().get(LIMIT_MINUTES, TimeUnit.MINUTES));
        String errors = Files.readString(folder.resolve("errors"));
        assertThat(errors).contains("step \"", "failed", "logs in ");
        Leftovers.delete(Path.of(errors.substring(errors.indexOf("logs in ") + "logs in ".length())
                .strip()));
    }

    private void start(String... words) throws IOException {
        List<String> line = new ArrayList<>(List.of(home().resolve("vnvme").toString(), "demo"));
        line.addAll(List.of(words));
        started.add(new ProcessBuilder(line)
                .directory(folder.toFile())
                .redirectError(folder.resolve("errors").toFile())
                .start());
    }

    private Process demo() {
        return started.getLast();
    }

    private interface Wanted {
        boolean is(String line);
    }

    private void readUntil(Wanted wanted) throws IOException {
        BufferedReader reader = demo().inputReader();
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            said.add(line);
            if (wanted.is(line)) {
                return;
            }
        }
    }

    private void assertNothingLeft(List<ProcessHandle> children) throws IOException {
        assertThat(children).noneMatch(ProcessHandle::isAlive);
        try (Stream<Path> files = Files.list(Path.of("/tmp"))) {
            assertThat(files).noneMatch(file -> file.getFileName().toString().startsWith("vnvme-demo-" + demo().pid()));
        }
    }

    /** As the kernel has it: ProcessHandle gives no long ones. */
    private static String commandLine(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path home() {
        Path module = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
        return module.resolve("..").normalize();
    }
}
