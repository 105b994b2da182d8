package io.vnvme.testkit.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** A running VM. It ends with {@link #close}, and at the latest with this JVM. */
public final class Vm implements AutoCloseable {
    /** Emulated on a busy host, UEFI and Linux take up to a minute together. */
    private static final Duration START_LIMIT = Duration.ofMinutes(3);

    private static final Duration UNPLUG_LIMIT = Duration.ofMinutes(1);
    private static final int CONSOLE_TAIL_CHARS = 3000;
    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> RUNNING.forEach(Process::destroyForcibly), "end-of-guests"));
    }

    private final VmConfig config;
    private final Path folder;
    private final Process process;
    private final Agent agent;
    private final Qmp qmp;
    private boolean failed;

    private Vm(VmConfig config, Path folder, Process process, Agent agent, Qmp qmp) {
        this.config = config;
        this.folder = folder;
        this.process = process;
        this.agent = agent;
        this.qmp = qmp;
    }

    /** Returns a VM to be described and started. */
    public static VmConfig builder(Lab lab) {
        return new VmConfig(lab);
    }

    static Vm start(Lab lab, VmConfig config) {
        return start(lab, config, true);
    }

    static Vm startIncoming(Lab lab, VmConfig config) {
        return start(lab, config, false);
    }

    private static Vm start(Lab lab, VmConfig config, boolean boots) {
        Path folder = null;
        Process process = null;
        try {
            folder = config.folder() == null
                    ? Files.createTempDirectory("vnvme-" + config.name())
                    : Files.createDirectories(config.folder().toAbsolutePath());
            Files.copy(
                    lab.ovmf().resolve("OVMF_VARS_4M.fd"),
                    folder.resolve("uefi-variables"),
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            deleteSockets(folder);
            try (ServerSocketChannel agentServer = SocketWait.listen(folder.resolve("agent"));
                    ServerSocketChannel qmpServer = SocketWait.listen(folder.resolve("own-qmp"))) {
                process = launch(config, folder);
                Agent agent = new Agent(SocketWait.accept(agentServer, process));
                Qmp qmp = new Qmp(SocketWait.accept(qmpServer, process));
                Vm vm = new Vm(config, folder, process, agent, qmp);
                if (boots) {
                    vm.awaitReady(START_LIMIT);
                }
                return vm;
            }
        } catch (IOException | RuntimeException e) {
            if (process != null) {
                end(process);
            }
            String said = folder == null ? "" : "; " + tail(folder);
            throw new LabException("VM " + config.name() + " did not start: " + e.getMessage() + said, e);
        }
    }

    /** Runs a shell script in the guest. A status other than 0 is a result, not an exception. */
    public Result run(String script, Duration limit) {
        return guarded(() -> agent.run(script, limit));
    }

    /** Runs a shell script in the guest that must succeed within a minute, and returns its output. */
    public String sh(String script) {
        return sh(script, Duration.ofMinutes(1));
    }

    /** Runs a shell script in the guest that must succeed, and returns its output. */
    public String sh(String script, Duration limit) {
        Result result = run(script, limit);
        if (!result.ok()) {
            failed = true;
            throw new LabException(
                    "VM " + config.name() + ": status " + result.status() + " of: " + script + "\n" + result.output());
        }
        return result.output();
    }

    /** Hands the guest a script and does not wait, such as {@code reboot -f}. */
    public void startScript(String script) {
        agent.start(script);
    }

    /** Waits until the guest takes commands again, after a reboot. */
    public void awaitReady(Duration limit) {
        guarded(() -> {
            agent.awaitReady(limit);
            return true;
        });
    }

    /** Presses the reset button and waits for the guest to be back. */
    public void reset() {
        qmp.execute("system_reset", Map.of());
        awaitReady(START_LIMIT);
    }

    public Qmp qmp() {
        return qmp;
    }

    /** Returns the socket where another program can speak QMP with this VM. */
    public Path qmpSocket() {
        return folder.resolve("qmp.sock");
    }

    /** Plugs a vNVMe into root port {@code rp<port>} of the running guest, as device {@code id}. */
    public void hotplug(Path socket, String id, int port) {
        guarded(() -> qmp.execute(
                "device_add",
                Map.of(
                        "driver",
                        "vfio-user-pci",
                        "id",
                        id,
                        "bus",
                        "rp" + port,
                        "socket",
                        Map.of("type", "unix", "path", socket.toString()))));
    }

    /**
     * Unplugs a device and waits until the guest has let go of it. With QEMU 11.1 only for devices without MSI-X: that version
     * ends itself otherwise.
     */
    public void unplug(String id) {
        guarded(() -> {
            long deadlineNs = System.nanoTime() + UNPLUG_LIMIT.toNanos();
            while (true) {
                qmp.execute("device_del", Map.of("id", id));
                try {
                    return qmp.awaitEvent(
                            "DEVICE_DELETED", data -> id.equals(data.get("device")), Duration.ofSeconds(10));
                } catch (LabException e) {
                    // A guest may refuse while it is busy; asked again it agrees.
                    if (!process.isAlive() || System.nanoTime() > deadlineNs) {
                        throw e;
                    }
                }
            }
        });
    }

    /** Ends QEMU with SIGKILL, as a crash of it would, and waits until it is gone. */
    public void kill9() {
        end(process);
    }

    public long pid() {
        return process.pid();
    }

    public boolean alive() {
        return process.isAlive();
    }

    /** Returns all that the guest wrote on its console. */
    public String console() {
        return read(folder.resolve("console.log"));
    }

    /** Ends QEMU, whatever it does, and waits until it is gone. */
    @Override
    public void close() {
        end(process);
        agent.close();
        qmp.close();
        try {
            deleteSockets(folder);
            Files.deleteIfExists(folder.resolve("uefi-variables"));
            if (config.folder() == null && !failed) {
                Files.deleteIfExists(folder.resolve("console.log"));
                Files.deleteIfExists(folder.resolve("qemu.log"));
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private <T> T guarded(Supplier<T> action) {
        try {
            return action.get();
        } catch (LabException e) {
            failed = true;
            throw new LabException("VM " + config.name() + ": " + e.getMessage() + "; " + tail(folder), e);
        }
    }

    private static Process launch(VmConfig config, Path folder) throws IOException {
        Process process = new ProcessBuilder(config.commandLine(folder))
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("qemu.log").toFile())
                .start();
        RUNNING.add(process);
        return process;
    }

    private static void end(Process process) {
        process.destroyForcibly();
        boolean interrupted = false;
        while (true) {
            try {
                process.waitFor();
                break;
            } catch (InterruptedException e) {
                // A guest must not outlive its test, also when that is being ended.
                interrupted = true;
            }
        }
        RUNNING.remove(process);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void deleteSockets(Path folder) throws IOException {
        for (String name : new String[] {"agent", "own-qmp", "qmp.sock"}) {
            Files.deleteIfExists(folder.resolve(name));
        }
    }

    /** What QEMU and the guest said last, for a message. */
    private static String tail(Path folder) {
        StringBuilder text = new StringBuilder("logs in " + folder);
        Stream.of("qemu.log", "console.log").forEach(name -> {
            String all = read(folder.resolve(name));
            if (!all.isBlank()) {
                String end = all.substring(Math.max(0, all.length() - CONSOLE_TAIL_CHARS));
                text.append("\n--- ").append(name).append("\n").append(end);
            }
        });
        return text.toString();
    }

    private static String read(Path file) {
        try {
            return Files.exists(file) ? new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
