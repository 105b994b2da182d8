package io.vnvme.bench.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.bench.Sample;
import io.vnvme.bench.load.Neighbours;
import io.vnvme.bench.load.Workload;
import io.vnvme.bench.report.Figure;
import io.vnvme.bench.report.Ratio;
import io.vnvme.bench.report.Step;
import io.vnvme.bench.report.Way;
import io.vnvme.bench.report.Where;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoPartsTest {
    private final ByteArrayOutputStream screen = new ByteArrayOutputStream();

    private Progress progress(int width) {
        return new Progress(new PrintStream(screen, true, StandardCharsets.UTF_8), width);
    }

    private String shown() {
        return screen.toString(StandardCharsets.UTF_8);
    }

    @Test
    void cleanupEndsEverythingLastFirstThoughOneFails() {
        List<String> ended = new ArrayList<>();
        Cleanup cleanup = new Cleanup();
        cleanup.add(() -> ended.add("first"));
        cleanup.add(() -> {
            throw new IOException("does not end");
        });
        cleanup.add(() -> ended.add("last"));
        assertThatThrownBy(cleanup::close).hasMessageContaining("does not end");
        assertThat(ended).containsExactly("last", "first");
        cleanup.close();
        assertThat(ended).hasSize(2);
    }

    @Test
    void whatStartsAfterTheEndBeganIsEndedAtOnce() {
        List<String> ended = new ArrayList<>();
        Cleanup cleanup = new Cleanup();
        cleanup.close();
        assertThatThrownBy(() -> cleanup.add(() -> ended.add("late"))).isInstanceOf(IllegalStateException.class);
        assertThat(ended).containsExactly("late");
    }

    @Test
    void stepsAreTimedAndAFailureNamesItsStep() throws Exception {
        Steps steps = new Steps(progress(0));
        assertThat(steps.<String>run("open", () -> Steps.Done.of("value", "is open")))
                .isEqualTo("value");
        assertThat(steps.allOk()).isTrue();
        assertThatThrownBy(() -> steps.run("plug", () -> {
                    throw new IOException("no port\nmore");
                }))
                .isInstanceOf(DemoException.class)
                .hasMessage("step \"plug\" failed: no port\nmore");
        assertThat(steps.all())
                .extracting(Step::name, Step::ok, Step::detail)
                .containsExactly(
                        org.assertj.core.api.Assertions.tuple("open", true, "is open"),
                        org.assertj.core.api.Assertions.tuple("plug", false, "no port"));
        assertThat(steps.allOk()).isFalse();
        assertThat(shown()).contains("open ...", "✓ open", "is open", "✗ plug").doesNotContain("\u001b");
    }

    @Test
    void aTerminalHasOneLineThatChanges() {
        try (Progress progress = progress(60)) {
            progress.begin("measure");
            progress.doing("fio 1 of 16, and more than the line has room for");
            progress.end(new Step("measure", 1.5, true, "16 runs"));
        }
        assertThat(shown()).contains("fio 1 of").doesNotContain("has room for");
        String last = shown().substring(shown().lastIndexOf('\r'));
        assertThat(last).contains("✓", "measure", "1.5 s", "16 runs").endsWith("\n");
        assertThat(shown().indexOf('\n')).isEqualTo(shown().length() - 1);
    }

    @Test
    void figuresAreMediansAndRatiosGoRoundByRound() {
        Series series = new Series(Where.HOST);
        for (double iops : new double[] {100, 300, 200}) {
            series.add(Way.VNVME, Workload.RANDREAD, new Sample(iops, iops / 10, iops, 1));
            series.add(Way.BARE, Workload.RANDREAD, new Sample(iops * 2, 1, 2, 0.5));
        }
        Figure figure = series.figures().getFirst();
        assertThat(figure)
                .isEqualTo(new Figure(Where.HOST, Way.VNVME, Workload.RANDREAD, 3, 200, 100, 300, 20, 200, 1));
        assertThat(series.ratio(Way.VNVME, Way.BARE, Workload.RANDREAD)).isEqualTo(new Ratio(0.5, 0.5, 0.5));
    }

    @Test
    void readsTheKernelsListsOfProcessors() {
        assertThat(CpuPlan.inList(3, "0-3,8")).isTrue();
        assertThat(CpuPlan.inList(8, "0-3,8")).isTrue();
        assertThat(CpuPlan.inList(5, "0-3,8")).isFalse();
        assertThat(CpuPlan.inList(1, "")).isFalse();
    }

    @Test
    void countsWhatTheMachineDoes() {
        assertThat(Neighbours.busyNs("cpu  1 2 3 400 500 6 7 8 0 0\ncpu0 1 2 3"))
                .isEqualTo((1 + 2 + 3 + 6 + 7 + 8) * 10_000_000L);
    }

    @Test
    void patternLiesFromTheBeginningToTheEnd() {
        assertThat(new Pattern(512L << 20).placesMib()).containsExactly(0L, 168L, 336L, 504L);
    }

    @Test
    void leftoversAreFoundAndAFolderIsDeletedWhole(@TempDir Path folder) throws Exception {
        Path run = Files.createDirectories(folder.resolve("run/drives"));
        Files.writeString(run.resolve("log"), "x");
        assertThat(Leftovers.find(folder)).isEmpty();
        Process child = new ProcessBuilder("sleep", "60").start();
        try {
            assertThat(Leftovers.find(folder)).singleElement().asString().contains("process " + child.pid());
        } finally {
            child.destroyForcibly().waitFor();
        }
        Leftovers.delete(folder.resolve("run"));
        assertThat(folder.resolve("run")).doesNotExist();
    }
}
