package io.vnvme.control.doctor;

import io.vnvme.control.vm.QemuVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The host as files and programs show it; a test shows another one.
 *
 * @param root what is {@code /} on the real one
 * @param path folders of programs
 */
public record Host(Path root, List<Path> path) {
    private static final long PROGRAM_SECONDS_MAX = 20;
    private static final int OUTPUT_BYTES_MAX = 4 << 20;
    private static final Pattern QEMU = Pattern.compile("version (\\d+)\\.(\\d+)(?:\\.(\\d+))?");

    /** This one. */
    public static Host real() {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("/usr/bin:/bin");
        return new Host(
                Path.of("/"),
                Arrays.stream(path.split(":", -1))
                        .filter(p -> !p.isEmpty())
                        .map(Path::of)
                        .toList());
    }

    /** What stands in a file such as {@code proc/version}; nothing when it cannot be read. */
    public Optional<String> file(String name) {
        try {
            return Optional.of(Files.readString(root.resolve(name)).strip());
        } catch (IOException e) {
            return Optional.empty(); // not every kernel has every file
        }
    }

    boolean exists(String name) {
        return Files.exists(root.resolve(name));
    }

    /** The number behind a word at the start of a line, as in {@code proc/meminfo}. */
    Optional<Long> number(String file, String word) {
        Matcher matcher = Pattern.compile("(?m)^" + Pattern.quote(word) + "\\s+(\\d+)")
                .matcher(file(file).orElse(""));
        return matcher.find() ? Optional.of(Long.parseLong(matcher.group(1))) : Optional.empty();
    }

    /** A program by one of its names, or where it lies beside the path. */
    Optional<Path> program(String... names) {
        for (String name : names) {
            Optional<Path> found = name.startsWith("/")
                    ? Optional.of(root.resolve(name.substring(1))).filter(Files::isExecutable)
                    : path.stream()
                            .map(p -> p.resolve(name))
                            .filter(Files::isExecutable)
                            .findFirst();
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /** What a program says; nothing when it fails or does not end. */
    Optional<String> output(Path program, String... arguments) {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            process.getOutputStream().close();
            // A program that hangs is ended, which ends the reading.
            Thread.ofVirtual().start(() -> endInTime(process));
            byte[] said = process.getInputStream().readNBytes(OUTPUT_BYTES_MAX);
            process.getInputStream().close();
            return process.waitFor() == 0 ? Optional.of(new String(said, StandardCharsets.UTF_8)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private static void endInTime(Process process) {
        try {
            if (!process.waitFor(PROGRAM_SECONDS_MAX, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The last lines of the daemon's log, where systemd keeps one. */
    public Optional<String> journal() {
        return program("journalctl")
                .flatMap(p -> output(p, "--unit=vnvme", "--lines=5000", "--no-pager", "--output=short-iso"));
    }

    Optional<Path> qemu() {
        return program("qemu-system-x86_64", "qemu-kvm", "/usr/libexec/qemu-kvm");
    }

    static Optional<QemuVersion> qemuVersion(String said) {
        Matcher version = QEMU.matcher(said);
        if (!version.find()) {
            return Optional.empty();
        }
        String micro = version.group(3);
        return Optional.of(new QemuVersion(
                Integer.parseInt(version.group(1)),
                Integer.parseInt(version.group(2)),
                micro == null ? 0 : Integer.parseInt(micro)));
    }
}
