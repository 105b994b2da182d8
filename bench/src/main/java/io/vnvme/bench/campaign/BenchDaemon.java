package io.vnvme.bench.campaign;

import io.vnvme.control.cli.ApiClient;
import io.vnvme.control.model.ClaimDrive;
import io.vnvme.control.model.CreatePool;
import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.DriveInfo;
import io.vnvme.control.model.VnvmeChange;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A {@code vnvme daemon} of its own, as a user has it: pools, thin volumes, and vNVMes on them. */
final class BenchDaemon implements AutoCloseable {
    private static final long END_SECONDS = 20;

    private final Process process;
    private final Path folder;
    private final ApiClient api;

    private BenchDaemon(Process process, Path folder) {
        this.process = process;
        this.folder = folder;
        this.api = new ApiClient(folder);
    }

    /**
     * How it is started.
     *
     * @param jvm options of its JVM; none: as {@code ./vnvme daemon} starts it
     * @param daemon more options of {@code vnvme daemon}
     */
    record Options(List<String> jvm, List<String> daemon) {}

    /** Starts it and waits until it serves. */
    static BenchDaemon start(int cpu, Options options) throws IOException {
        Path folder = Files.createTempDirectory("vnvme-bench");
        List<String> command = new ArrayList<>();
        if (options.jvm().isEmpty()) {
            command.add(Path.of(System.getProperty("vnvme.home", "."), "vnvme").toString());
        } else {
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.add("--enable-native-access=ALL-UNNAMED");
            command.addAll(options.jvm());
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.vnvme.control.cli.Vnvme"));
        }
        command.addAll(List.of("daemon", "--state", folder.toString(), "--run", folder.toString()));
        command.addAll(List.of("--cpus", Integer.toString(cpu)));
        command.addAll(options.daemon());
        Path log = folder.resolve("daemon.log");
        Process process =
                new ProcessBuilder(command).redirectError(log.toFile()).start();
        BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        String banner = output.readLine();
        if (banner == null) {
            process.destroyForcibly();
            throw new IOException("the daemon did not start: " + Files.readString(log));
        }
        Thread.ofVirtual().start(() -> drain(output));
        return new BenchDaemon(process, folder);
    }

    /** So that it never waits for its words to be taken. */
    private static void drain(BufferedReader output) {
        try {
            output.transferTo(Writer.nullWriter());
        } catch (IOException e) {
            // It was ended, and its output with it: there is nothing more to take.
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Makes a pool of one drive and a thin vNVMe in it.
     *
     * @param spec of the drive, as {@code vnvme drive claim} takes it
     * @param fileBytes makes the file; null for what has its size
     * @return its socket
     */
    Path create(String name, String spec, @Nullable Long fileBytes, long sizeBytes) {
        DriveInfo drive =
                api.read(api.post("/api/v1/drives", ClaimDrive.of(spec, fileBytes, null, false)), DriveInfo.class);
        api.post("/api/v1/pools", new CreatePool(name, List.of(drive.name()), null));
        String reply =
                api.post("/api/v1/vnvmes", CreateVnvme.thin(name, sizeBytes).inPool(name));
        return Path.of(api.read(reply, VnvmeChange.class).vnvme().socket());
    }

    /** What the REST API says to a GET. */
    String get(String path) {
        return api.get(path);
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                return delete(file);
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e) {
                return delete(visited);
            }
        });
    }

    private static FileVisitResult delete(Path path) {
        try {
            Files.delete(path);
            return FileVisitResult.CONTINUE;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
