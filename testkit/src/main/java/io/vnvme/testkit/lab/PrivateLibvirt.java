package io.vnvme.testkit.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A libvirt daemon of its own, in a folder of its own: whatever libvirt the host has is not touched. Root's would serve the whole
 * host; so for root it runs as another user of a namespace, in which that user is still the owner of root's files.
 */
public final class PrivateLibvirt implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final Duration COMMAND_LIMIT = Duration.ofMinutes(1);

    private final Lab lab;
    private final Path folder;
    private final Process daemon;
    private final Thread hook;

    private PrivateLibvirt(Lab lab, Path folder, Process daemon) {
        this.lab = lab;
        this.folder = folder;
        this.daemon = daemon;
        this.hook = new Thread(this::kill, "end-of-libvirt");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** Whether this host has its programs. */
    public static boolean installed() {
        String path = System.getenv("PATH");
        return Stream.of("libvirtd", "virsh", "unshare")
                .allMatch(name -> Arrays.stream((path == null ? "" : path).split(":"))
                        .anyMatch(dir -> Files.isExecutable(Path.of(dir, name))));
    }

    /** @throws LabException when it does not begin to answer */
    public static PrivateLibvirt start(Lab lab) {
        try {
            Path folder = Files.createTempDirectory("vnvme-libvirt");
            boolean root = Files.getAttribute(folder, "unix:uid").equals(0);
            List<String> command = new ArrayList<>();
            if (root) {
                command.addAll(List.of("unshare", "--user", "--map-user=1000", "--map-group=1000"));
            }
            command.add("libvirtd");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("libvirtd.log").toFile());
            Map<String, String> environment = builder.environment();
            for (String name : List.of("RUNTIME_DIR", "CONFIG_HOME", "DATA_HOME", "CACHE_HOME")) {
                environment.put(
                        "XDG_" + name,
                        Files.createDirectory(folder.resolve(name)).toString());
            }
            environment.put("HOME", folder.toString());
            PrivateLibvirt libvirt = new PrivateLibvirt(lab, folder, builder.start());
            libvirt.awaitAnswer();
            return libvirt;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void awaitAnswer() {
        long deadlineNs = System.nanoTime() + START_LIMIT.toNanos();
        while (true) {
            try {
                virsh("uri");
                return;
            } catch (LabException e) {
                if (!daemon.isAlive() || System.nanoTime() > deadlineNs) {
                    close();
                    throw e;
                }
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted while libvirt started", e);
        }
    }

    /** What {@code virsh --connect} takes. */
    public String uri() {
        return "qemu+unix:///session?socket=" + folder.resolve("RUNTIME_DIR/libvirt/libvirt-sock");
    }

    Lab lab() {
        return lab;
    }

    /** For what belongs to its VMs. */
    public Path folder() {
        return folder;
    }

    /**
     * Runs a command of virsh that must succeed, and returns what it says.
     *
     * @throws LabException when it fails
     */
    public String virsh(String... arguments) {
        List<String> command = new ArrayList<>(List.of("virsh", "--connect", uri(), "--quiet"));
        command.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(COMMAND_LIMIT.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new LabException("virsh " + String.join(" ", arguments) + ": " + said.strip());
            }
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted while virsh ran", e);
        }
    }

    /** VMs outlive their libvirt: they are ended first. */
    private void kill() {
        Path pids = folder.resolve("RUNTIME_DIR/libvirt/qemu/run");
        if (Files.isDirectory(pids)) {
            try (Stream<Path> files = Files.list(pids)) {
                for (Path file : files.filter(f -> f.toString().endsWith(".pid") && !f.endsWith("driver.pid"))
                        .toList()) {
                    ProcessHandle.of(Long.parseLong(Files.readString(file).strip()))
                            .ifPresent(ProcessHandle::destroyForcibly);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        daemon.destroyForcibly();
    }

    @Override
    public void close() {
        kill();
        Runtime.getRuntime().removeShutdownHook(hook);
        try {
            daemon.waitFor();
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path file : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
