package io.vnvme.bench.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the report says about the machine and the programs. */
public final class Facts {
    private static final Pattern VERSION = Pattern.compile("version (\\S+)");
    private static final long KIB_PER_MIB = 1024;

    private Facts() {}

    /** This machine. */
    public static Machine machine() throws IOException {
        return new Machine(
                value("/proc/cpuinfo", "model name"),
                Runtime.getRuntime().availableProcessors(),
                Long.parseLong(value("/proc/meminfo", "MemTotal").replace(" kB", "")) / KIB_PER_MIB,
                Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip(),
                value("/etc/os-release", "PRETTY_NAME").replace("\"", ""));
    }

    /** The version that a program prints when asked by {@code --version}. */
    public static String version(Path program) throws IOException {
        Process process = new ProcessBuilder(program.toString(), "--version")
                .redirectErrorStream(true)
                .start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Matcher matcher = VERSION.matcher(text);
        return matcher.find() ? matcher.group(1) : "unknown";
    }

    /** The first value of a line {@code KEY : VALUE} or {@code KEY=VALUE}, "unknown" when there is none. */
    private static String value(String file, String key) throws IOException {
        try (var lines = Files.lines(Path.of(file))) {
            return lines.filter(line -> line.startsWith(key))
                    .map(line -> line.substring(key.length()).strip())
                    .filter(line -> line.startsWith(":") || line.startsWith("="))
                    .map(line -> line.substring(1).strip())
                    .findFirst()
                    .orElse("unknown");
        }
    }
}
