package io.vnvme.bench.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A running qemu-storage-daemon that serves one file over vhost-user-blk with one queue on one processor. */
public final class StorageDaemon implements AutoCloseable {
    private static final long STOP_SECONDS = 5;

    private final Process process;
    private final Path socket;

    private StorageDaemon(Process process, Path socket) {
        this.process = process;
        this.socket = socket;
    }

    /**
     * Starts the server and returns once it listens.
     *
     * @param executable qemu-storage-daemon or a script that starts it by {@code exec}
     * @param folder existing, for the socket and the log {@code qemu-storage-daemon.log}
     * @param cpu the processor that all its threads stay on
     * @throws IOException when it does not start, with the last line it wrote
     */
    public static StorageDaemon start(Path executable, Path folder, RamFile file, int cpu) throws IOException {
        Path socket = folder.resolve("legacy.sock");
        Path log = folder.resolve("qemu-storage-daemon.log");
        String export = "type=vhost-user-blk,id=export0,node-name=file0,writable=on,num-queues=1"
                + ",addr.type=unix,addr.path=" + socket;
        // The monitor comes last: its greeting says that the export before it stands.
        Process process = new ProcessBuilder(List.of(
                        "taskset",
                        "-c",
                        Integer.toString(cpu),
                        executable.toString(),
                        "--blockdev",
                        file.blockdev("file0"),
                        "--export",
                        export,
                        "--chardev",
                        "stdio,id=monitor0",
                        "--monitor",
                        "monitor0"))
                .redirectError(log.toFile())
                .start();
        BufferedReader monitor = process.inputReader();
        String greeting = monitor.readLine();
        if (greeting == null) {
            process.destroyForcibly();
            throw new IOException("qemu-storage-daemon did not start: " + lastLine(log));
        }
        return new StorageDaemon(process, socket);
    }

    private static String lastLine(Path log) throws IOException {
        List<String> lines = Files.readAllLines(log);
        return lines.isEmpty() ? "it said nothing" : lines.getLast();
    }

    public Path socket() {
        return socket;
    }

    public long pid() {
        return process.pid();
    }

    /** Stops the server and waits until it is gone. */
    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        Files.deleteIfExists(socket);
    }
}
