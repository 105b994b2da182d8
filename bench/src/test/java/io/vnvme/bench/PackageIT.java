package io.vnvme.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./dev package}, and its packages in Debian roots that boot with systemd. */
@Tag("guest")
class PackageIT {
    private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
    private static final int LIMIT_MINUTES = 15;

    /** The releases that the package is for, and their C library. */
    private static final Map<String, String> RELEASES = Map.of("bookworm", "2.36", "trixie", "2.41");

    @TempDir
    private Path folder;

    @Test
    void theSameSourcesMakeTheSamePackageAndItWorksInFreshRoots() throws Exception {
        Path first = packaged("first", Map.of("LANG", "C.UTF-8", "TZ", "UTC"));
        Path again = packaged("again", Map.of("LANG", "C", "TZ", "Asia/Tokyo"));
        assertThat(Files.mismatch(first, again))
                .as("the first byte in which two packages of the same sources differ")
                .isEqualTo(-1);
        Path second = packaged("second", Map.of(), "--version", "0.1.1");

        String needed = run(Map.of(), "dpkg-deb", "--field", first.toString(), "Depends");
        assertThat(needed).startsWith("libc6 (>= 2.");
        List<String> tried = new ArrayList<>();
        for (String release : List.of("bookworm", "trixie")) {
            if (isInstallable(needed, release)) {
                String said =
                        run(Map.of(), HOME + "/scripts/try-package.sh", release, first.toString(), second.toString());
                assertThat(said.lines().toList()).as(said).endsWith("all ok");
                tried.add(release);
            }
        }
        // A runtime linked on the newer release needs its C library: then there is no package for the older one.
        assertThat(tried).contains("trixie");
    }

    @Test
    void aPackageForAnotherArchitectureHasWhatRunsThere() throws Exception {
        String other = run(Map.of(), "dpkg", "--print-architecture").equals("arm64") ? "amd64" : "arm64";
        Path made = packaged("other", Map.of(), "--architecture", other);
        assertThat(run(Map.of(), "dpkg-deb", "--field", made.toString(), "Architecture"))
                .isEqualTo(other);
        String said = run(Map.of(), HOME + "/scripts/try-foreign.sh", other, made.toString());
        assertThat(said.lines().toList()).as(said).endsWith("all ok");
    }

    private static boolean isInstallable(String needed, String release) throws Exception {
        String version = needed.substring("libc6 (>= ".length(), needed.indexOf(')'));
        Process compared =
                new ProcessBuilder("dpkg", "--compare-versions", RELEASES.get(release), "ge", version).start();
        return compared.waitFor() == 0;
    }

    private Path packaged(String name, Map<String, String> environment, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                HOME + "/dev", "package", "--output", folder.resolve(name).toString()));
        command.addAll(List.of(options));
        return Path.of(run(environment, command.toArray(String[]::new))
                .lines()
                .toList()
                .getLast());
    }

    private String run(Map<String, String> environment, String... command) throws IOException, InterruptedException {
        Path out = Files.createTempFile(folder, "out", null);
        Path err = Files.createTempFile(folder, "err", null);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES))
                    .as(String.join(" ", command))
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        String said = Files.readString(out, StandardCharsets.UTF_8);
        assertThat(process.exitValue())
                .as("%s: %s%s", String.join(" ", command), said, Files.readString(err, StandardCharsets.UTF_8))
                .isZero();
        return said.strip();
    }
}
