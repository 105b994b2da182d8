package io.vnvme.bench.demo;

import io.avaje.jsonb.Jsonb;
import io.vnvme.control.model.SystemInfo;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The program {@code vnvme} as a user starts it: a daemon of the demo's own, and commands for it. */
final class Vnvme implements AutoCloseable {
    private static final Pattern GREETING = Pattern.compile("vnvme daemon (\\S+) serves");
    private static final String RUN = "run";
    private static final String LOG = "daemon.log";
    private static final long STOP_SECONDS = 15;
    private static final long COMMAND_SECONDS = 90;
    private static final double NS_PER_MS = 1e6;
    private static final Jsonb JSON = Jsonb.builder().build();

    private final Path program;
    private final Path folder;
    private final Process daemon;
    /** What serves outlives what was started, if only that dies: guests have their drives then. */
    private final List<ProcessHandle> serving;

    private final double startMs;
    private final String version;

    private Vnvme(Path program, Path folder, Process daemon, double startMs, String version) {
        this.program = program;
        this.folder = folder;
        this.daemon = daemon;
        this.serving = daemon.descendants().toList();
        this.startMs = startMs;
        this.version = version;
    }

    /**
     * Starts the daemon and waits until it serves.
     *
     * @param home the project's folder
     * @param folder gets the folders {@code state} and {@code run} and the daemon's log
     * @throws IOException when it ends instead; with its last words
     */
    static Vnvme start(Path home, Path folder, String ram, int reactorCpu) throws IOException {
        Path program = home.resolve("vnvme");
        Path log = folder.resolve(LOG);
        long begin = System.nanoTime();
        Process daemon = new ProcessBuilder(
                        program.toString(),
                        "daemon",
                        "--state",
                        folder.resolve("state").toString(),
                        "--run",
                        folder.resolve(RUN).toString(),
                        "--ram",
                        ram,
                        "--cpus",
                        Integer.toString(reactorCpu))
                .redirectError(log.toFile())
                .start();
        BufferedReader words = daemon.inputReader();
        String line = words.readLine();
        if (line == null) {
            daemon.destroyForcibly();
            List<String> said = Files.readAllLines(log);
            throw new IOException("vnvme daemon did not start: " + (said.isEmpty() ? "it said nothing" : said.getLast())
                    + " (log: " + log + ")");
        }
        Matcher matcher = GREETING.matcher(line);
        double startMs = (System.nanoTime() - begin) / NS_PER_MS;
        Thread.ofVirtual().name("daemon-log").start(() -> copy(words, line, log));
        return new Vnvme(program, folder, daemon, startMs, matcher.find() ? matcher.group(1) : "unknown");
    }

    private static void copy(BufferedReader words, String first, Path log) {
        try {
            Files.writeString(log, first + "\n", StandardOpenOption.APPEND);
            for (String line = words.readLine(); line != null; line = words.readLine()) {
                Files.writeString(log, line + "\n", StandardOpenOption.APPEND);
            }
        } catch (IOException e) {
            // The daemon is gone, or the folder is: either way nothing more is to be kept.
            Thread.currentThread().interrupt();
        }
    }

    /** From starting the process until it said that it serves. */
    double startMs() {
        return startMs;
    }

    /** The daemon's version. */
    String version() {
        return version;
    }

    /** What the daemon says goes there. */
    Path log() {
        return folder.resolve(LOG);
    }

    /** The process that serves; the one that was started holds what guests use. */
    long pid() throws InterruptedException {
        return ask(SystemInfo.class, "status").pid();
    }

    /** The socket of a vNVMe. */
    Path socket(String name) {
        return folder.resolve(RUN).resolve("drives").resolve(name).resolve("cntrl");
    }

    /**
     * Runs a command with {@code --json} and reads its answer.
     *
     * @throws DemoException when it fails, with what it said
     */
    <T> T ask(Class<T> type, String... words) throws InterruptedException {
        List<String> line = new ArrayList<>(List.of(words));
        line.add("--json");
        return JSON.type(type).fromJson(command(line));
    }

    private String command(List<String> words) throws InterruptedException {
        List<String> line = new ArrayList<>();
        line.add(program.toString());
        line.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(line);
        builder.environment().put("VNVME_RUN", folder.resolve(RUN).toString());
        String shown = "vnvme " + String.join(" ", words);
        try {
            Path answer = Files.createTempFile(folder, "answer", ".json");
            Path errors = Files.createTempFile(folder, "said", ".txt");
            Process process = builder.redirectOutput(answer.toFile())
                    .redirectError(errors.toFile())
                    .start();
            if (!process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new DemoException(shown + " did not end within " + COMMAND_SECONDS + " s");
            }
            String text = Files.readString(answer);
            String said = Files.readString(errors).strip();
            Files.delete(answer);
            Files.delete(errors);
            if (process.exitValue() != 0) {
                throw new DemoException(shown + " ended with status " + process.exitValue() + ": " + said
                        + " (daemon's log: " + log() + ")");
            }
            return text;
        } catch (IOException e) {
            throw new DemoException(shown + ": " + e.getMessage(), e);
        }
    }

    /** Ends the daemon as a service manager does, and waits until it is gone. */
    @Override
    public void close() {
        daemon.destroy();
        try {
            if (!daemon.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                daemon.destroyForcibly().waitFor();
                throw new DemoException("the daemon did not end within " + STOP_SECONDS + " s and was killed");
            }
        } catch (InterruptedException e) {
            daemon.destroyForcibly();
            Thread.currentThread().interrupt();
        } finally {
            serving.forEach(ProcessHandle::destroyForcibly);
        }
    }
}
