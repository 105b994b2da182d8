package io.vnvme.bench.pool;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link PoolServer} that runs. */
final class PoolProcess implements AutoCloseable {
    private static final long END_SECONDS = 20;

    private final Process process;
    private final Path folder;
    private final BufferedReader output;
    private final BufferedWriter input;

    PoolProcess(int cpu, String kind, long driveBytes, List<String> jvmOptions) throws IOException {
        folder = Files.createTempDirectory("vnvme-bench");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), PoolServer.class.getName()));
        command.addAll(List.of(folder.toString(), Integer.toString(cpu), kind, Long.toString(driveBytes)));
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        output = process.inputReader(StandardCharsets.UTF_8);
        input = process.outputWriter(StandardCharsets.UTF_8);
        if (!"ready".equals(output.readLine())) {
            throw new IOException("the engine did not start");
        }
    }

    /** Runs a command of {@link PoolServer}. @return its answer */
    String ask(String command) {
        try {
            input.write(command);
            input.newLine();
            input.flush();
            String answer = output.readLine();
            if (answer == null) {
                throw new IOException("the engine ended at: " + command);
            }
            return answer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        input.close();
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
