package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.SystemInfo;
import io.vnvme.testkit.server.Idle;
import io.vnvme.testkit.server.ReactorCount;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A daemon as a process of its own, that can be killed and started again. */
final class DaemonUnderTest implements AutoCloseable {
    private final Path folder;
    /** Main class and options of the process that holds what must not close, or nothing. */
    private final List<String> holder;

    private final List<String> options;
    private final List<String> words = new CopyOnWriteArrayList<>();
    private Process process;

    /** @param options besides those of every test */
    DaemonUnderTest(Path folder, String... options) throws IOException {
        this(folder, List.of(), options);
    }

    private DaemonUnderTest(Path folder, List<String> holder, String... options) throws IOException {
        this.folder = folder;
        this.holder = holder;
        this.options = List.of(options);
        this.process = launch();
    }

    /**
     * One whose holder puts another in its place when it dies.
     *
     * @param standby whether that stands by already
     */
    static DaemonUnderTest held(Path folder, boolean standby, String... options) throws IOException {
        List<String> holder = new ArrayList<>(List.of("io.vnvme.handover.Main"));
        if (standby) {
            holder.add("--standby");
        }
        return new DaemonUnderTest(folder, holder, options);
    }

    private Process launch() throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "daemon",
                "--state",
                folder.resolve("state").toString(),
                "--reactors",
                Integer.toString(ReactorCount.ofTests()),
                "--idle",
                Idle.policy().name()));
        arguments.addAll(options);
        ProcessBuilder builder = java(arguments.toArray(String[]::new));
        if (!holder.isEmpty()) {
            List<String> held = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-Xmx16m",
                    "-cp",
                    System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))));
            held.addAll(holder);
            held.addAll(builder.command());
            builder.command(held);
        }
        Process started = builder.redirectErrorStream(true).start();
        // The rest is read too, so that the daemon never waits for its output to be taken.
        BufferedReader output = started.inputReader();
        String banner = output.readLine();
        while (banner != null && !banner.contains(" serves on ")) {
            banner = output.readLine();
        }
        assertThat(banner).as("the daemon's first words").isNotNull();
        Thread.ofVirtual().start(() -> listen(output));
        return started;
    }

    /** Until its output is closed, which is how it ends here. */
    private void listen(BufferedReader output) {
        try {
            output.lines().forEach(words::add);
        } catch (UncheckedIOException e) {
            words.add("its output was closed: " + e.getMessage());
        }
    }

    private ProcessBuilder java(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                "io.vnvme.control.cli.Vnvme"));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("VNVME_RUN", folder.resolve("run").toString());
        return builder;
    }

    /** Runs a command against it. @return what it said */
    String vnvme(String... arguments) throws IOException, InterruptedException {
        Process command = java(arguments).redirectErrorStream(true).start();
        return ended(command);
    }

    /** The same with the file as its input. */
    String vnvmeWith(Path input, String... arguments) throws IOException, InterruptedException {
        return ended(java(arguments)
                .redirectErrorStream(true)
                .redirectInput(input.toFile())
                .start());
    }

    private static String ended(Process command) throws IOException, InterruptedException {
        String said = new String(command.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(command.waitFor()).as(said).isZero();
        return said;
    }

    /** Runs a command that is refused. @return the one line that it said */
    String refused(String... arguments) throws IOException, InterruptedException {
        Process command = java(arguments).redirectErrorStream(true).start();
        String said = new String(command.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(command.waitFor()).as(said).isEqualTo(1);
        assertThat(said.lines()).as(said).hasSize(1);
        return said;
    }

    /** What it has said since it served, and what its holder has. */
    List<String> words() {
        return words;
    }

    /**
     * Waits for another process to serve.
     *
     * @param before the one that served, or 0
     */
    long serving(long before) throws InterruptedException {
        while (true) {
            try {
                long pid = api().read(api().get("/api/v1/system"), SystemInfo.class)
                        .pid();
                if (pid != before) {
                    return pid;
                }
            } catch (RuntimeException e) {
                // Nobody serves the API at this moment.
                assertThat(words).noneMatch(w -> w.contains("cannot start"));
            }
            Thread.sleep(5);
        }
    }

    Path socket(String vnvme) {
        return folder.resolve("run").resolve("drives").resolve(vnvme).resolve("cntrl");
    }

    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** As {@code systemctl stop} does. */
    void stop() throws InterruptedException {
        process.destroy();
        process.waitFor();
    }

    /** Its API, without a process for each request. */
    ApiClient api() {
        return new ApiClient(folder.resolve("run"));
    }

    void startAgain() throws IOException {
        process = launch();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }
}
