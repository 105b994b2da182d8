package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * Libvirt's own client, run as a process for each command. Arguments are handed over one by one, so that nothing in them
 * is a shell's business; standard input is empty, so that it asks for no password.
 */
final class Virsh {
    /** The XML of a domain is some kilobytes, an answer of QEMU's some more. */
    private static final int OUTPUT_SIZE_MAX = 16 << 20;
    /** What it started itself, such as ssh, may keep its output open after its end. */
    private static final Duration OUTPUT_WAIT = Duration.ofSeconds(1);

    private static final Executor READERS =
            task -> Thread.ofVirtual().name("virsh output").start(task);

    private final Optional<Path> program;
    private final String uri;
    private final Duration limit;

    /**
     * @param program nothing: looked for at each command, since it may be installed meanwhile
     * @param uri of libvirt's daemon
     * @param limit how long a command may take
     */
    Virsh(Optional<Path> program, String uri, Duration limit) {
        this.program = program;
        this.uri = uri;
        this.limit = limit;
    }

    /** Looks for it: {@code VNVME_VIRSH}, then {@code PATH}. */
    private static Path find() {
        String path = System.getenv("PATH");
        return Stream.concat(
                        Stream.ofNullable(System.getenv("VNVME_VIRSH")),
                        Arrays.stream((path == null ? "" : path).split(":")).map(folder -> folder + "/virsh"))
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(
                        () -> new ProblemException(
                                ProblemCode.TOOL_MISSING,
                                "libvirt is asked by virsh, which is not on this host: install it (Debian: libvirt-clients), or name the VM's QMP socket"));
    }

    /**
     * What came of a command.
     *
     * @param error one line
     */
    record Answer(int status, String output, String error) {
        boolean ok() {
            return status == 0;
        }
    }

    /** @throws ProblemException when it cannot be run, or does not end in time */
    Answer run(String... arguments) {
        List<String> command =
                new ArrayList<>(List.of(program.orElseGet(Virsh::find).toString(), "--connect", uri, "--quiet"));
        command.addAll(List.of(arguments));
        Process process = start(command);
        try {
            CompletableFuture<String> output = reader(process.getInputStream());
            CompletableFuture<String> error = reader(process.getErrorStream());
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new ProblemException(
                        ProblemCode.LIBVIRT_UNREACHABLE,
                        "libvirt at %s did not answer '%s' within %d s: see that its daemon runs and is not overloaded"
                                .formatted(uri, arguments[0], limit.toSeconds()));
            }
            return new Answer(process.exitValue(), text(output), oneLine(text(error)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ProblemCode.INTERNAL, "interrupted while talking to libvirt at " + uri, e);
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private Process start(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        Map<String, String> environment = builder.environment();
        // What it says is told apart by its words.
        environment.put("LC_ALL", "C");
        try {
            return builder.start();
        } catch (IOException e) {
            throw new ProblemException(
                    ProblemCode.TOOL_MISSING, "%s cannot be run: %s".formatted(command.getFirst(), e.getMessage()), e);
        }
    }

    private static CompletableFuture<String> reader(InputStream in) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try (in) {
                        return new String(in.readNBytes(OUTPUT_SIZE_MAX), StandardCharsets.UTF_8);
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                },
                READERS);
    }

    private String text(CompletableFuture<String> reader) throws InterruptedException {
        try {
            return reader.get(OUTPUT_WAIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new ProblemException(
                    ProblemCode.LIBVIRT_UNREACHABLE, "what libvirt at %s says cannot be read".formatted(uri), e);
        }
    }

    /** It says the cause last, and "error: " before each line. */
    private static String oneLine(String error) {
        return error.lines()
                .map(line -> line.replaceFirst("^error: ", "").strip())
                .filter(line -> !line.isEmpty())
                .reduce((a, b) -> a + "; " + b)
                .orElse("it said nothing");
    }
}
