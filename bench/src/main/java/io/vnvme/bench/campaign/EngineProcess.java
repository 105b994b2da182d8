package io.vnvme.bench.campaign;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** An {@link EngineServer} that runs, with the options that {@code ./vnvme daemon} gives its JVM. */
final class EngineProcess implements AutoCloseable {
    private static final long END_SECONDS = 10;

    private final Process process;
    private final Path folder;
    private final List<Long> creationNs;

    private EngineProcess(Process process, Path folder, List<Long> creationNs) {
        this.process = process;
        this.folder = folder;
        this.creationNs = creationNs;
    }

    /** Starts it and waits until all its sockets are there. */
    static EngineProcess start(int cpu, long driveBytes, int driveCount, List<String> jvmOptions) throws IOException {
        return start(cpu, driveBytes, driveCount, jvmOptions, List.of());
    }

    /** The same with one vNVMe on a file that is there. */
    static EngineProcess onFile(int cpu, Path file, List<String> jvmOptions) throws IOException {
        return start(cpu, Files.size(file), 1, jvmOptions, List.of(file.toString()));
    }

    private static EngineProcess start(
            int cpu, long driveBytes, int driveCount, List<String> jvmOptions, List<String> more) throws IOException {
        Path folder = Files.createTempDirectory("vnvme-bench");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), EngineServer.class.getName()));
        command.addAll(List.of(
                folder.toString(), Integer.toString(cpu), Long.toString(driveBytes), Integer.toString(driveCount)));
        command.addAll(more);
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        List<Long> creationNs = new ArrayList<>();
        BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        for (String line = output.readLine(); !"ready".equals(line); line = output.readLine()) {
            if (line == null) {
                throw new IOException("the engine did not start");
            }
            creationNs.add(Long.parseLong(line));
        }
        return new EngineProcess(process, folder, creationNs);
    }

    long pid() {
        return process.pid();
    }

    Path socket(int index) {
        return EngineServer.socket(folder, index);
    }

    /** How long each vNVMe took from nothing to a socket that listens, in order. */
    List<Long> creationNs() {
        return creationNs;
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        try (var left = Files.list(folder)) {
            for (Path file : left.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
