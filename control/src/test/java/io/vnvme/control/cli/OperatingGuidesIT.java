package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the guides to operation say is done, section by section, on a host that has what they speak of. */
class OperatingGuidesIT {
    @TempDir
    Path folder;

    private void claim(DaemonUnderTest daemon, String... names) throws IOException, InterruptedException {
        for (String name : names) {
            daemon.vnvme("drive", "claim", folder.resolve(name).toString(), "--size", "256M");
        }
    }

    private static List<String> one(Path path) {
        return List.of(path.toString());
    }

    @Test
    void pools() throws IOException, InterruptedException {
        try (DaemonUnderTest daemon = new DaemonUnderTest(folder)) {
            Guide guide = new Guide("operating-pools.md", daemon);

            claim(daemon, "m0", "m1");
            daemon.vnvme("pool", "create", "safe", "m0", "m1", "--layout", "mirror");
            guide.follow(
                    "Mirrors",
                    Map.of(
                            "/dev/nvme3n1",
                            List.of(folder.resolve("nvme3n1").toString(), "--size", "256M"),
                            "POOL",
                            List.of("safe"),
                            "OLD",
                            List.of("m0")));
            assertThat(daemon.vnvme("pool", "show", "safe", "--json"))
                    .contains("nvme3n1", "m1")
                    .doesNotContain("m0");
            daemon.vnvme("pool", "destroy", "safe", "--yes");

            claim(daemon, "d0", "d1");
            daemon.vnvme("pool", "create", "tank", "d0");
            daemon.vnvme("create", "v", "--size", "64M");
            daemon.vnvme("snapshot", "v", "s");
            guide.follow(
                    "A pool that runs full",
                    Map.of("POOL", List.of("tank"), "DRIVE...", List.of("d1"), "NAME@SNAPSHOT", List.of("v@s")));
            assertThat(daemon.vnvme("pool", "show", "tank", "--json")).contains("\"d0\"", "\"d1\"");
            assertThat(daemon.vnvme("ls", "--snapshots")).doesNotContain("v@s");

            encrypted(daemon);
            guide.follow("Moving a pool to another host", Map.of("POOL", List.of("tank")));
            assertThat(daemon.vnvme("ls")).contains("disk1", "disk2", "locked");
            daemon.vnvme("rm", "disk1", "--yes");

            daemon.vnvme("create", "disk1", "--size", "64M");
            Path backup = folder.resolve("disk1-monday.qcow2");
            guide.follow("Backup", Map.of("/backup/disk1-monday.qcow2", one(backup)));
            assertThat(backup).isRegularFile();
        }
    }

    /** The guide's section asks for a passphrase, which comes from a file here. */
    private void encrypted(DaemonUnderTest daemon) throws IOException, InterruptedException {
        Path key = Files.writeString(folder.resolve("disk2.key"), "k".repeat(32));
        Path passphrase = Files.writeString(folder.resolve("passphrase"), "a long passphrase\n");
        for (List<String> command : Document.of("operating-pools.md").commands("Encrypted volumes")) {
            daemon.vnvmeWith(
                    passphrase,
                    command.stream()
                            .map(word -> word.equals("/root/disk2.key") ? key.toString() : word)
                            .toArray(String[]::new));
        }
        assertThat(daemon.vnvme("ls")).contains("disk1", "disk2");
    }

    @Test
    void limitsAndHypervisors() throws IOException, InterruptedException {
        try (DaemonUnderTest daemon = new DaemonUnderTest(folder)) {
            claim(daemon, "d0");
            daemon.vnvme("create", "disk2", "--size", "64M");
            Guide limits = new Guide("operating-qos.md", daemon);
            limits.follow("Limits of a vNVMe", Map.of());
            limits.follow("Tenants", Map.of());
            assertThat(daemon.vnvme("group", "ls", "--json")).doesNotContain("blue");

            daemon.vnvme("create", "d1", "--size", "64M");
            for (String page : List.of("proxmox.md", "cloud-hypervisor.md")) {
                new Guide("hypervisors/" + page, daemon).follow("", Map.of());
            }
            assertThat(daemon.vnvme("show", "d1", "--libvirt"))
                    .contains(daemon.socket("d1").toString());
        }
    }

    @Test
    void tokens() throws IOException, InterruptedException {
        try (DaemonUnderTest daemon = new DaemonUnderTest(folder, "--listen", "127.0.0.1:0")) {
            Path token = folder.resolve("ci.token");
            List<List<String>> commands = Document.of("security.md").commands("Tokens");
            assertThat(commands).hasSize(1);
            Files.writeString(
                    token,
                    daemon.vnvme(commands.getFirst().toArray(String[]::new))
                            .lines()
                            .toList()
                            .getFirst());
            new Guide("security.md", daemon)
                    .follow(
                            "The command line elsewhere",
                            Map.of(
                                    "https://store1:8443",
                                    List.of("https://" + status(daemon, "listen")),
                                    "ci.token",
                                    one(token),
                                    "AB:CD:...",
                                    List.of(status(daemon, "fingerprint"))));
            new Guide("metrics.md", daemon).follow("", Map.of());
            daemon.vnvme(Document.of("events.md").commands().getLast().toArray(String[]::new));
            assertThat(daemon.vnvme("token", "ls")).contains("ci", "prometheus");
        }
    }

    private static String status(DaemonUnderTest daemon, String field) throws IOException, InterruptedException {
        String json = daemon.vnvme("status", "--json");
        Matcher matcher =
                Pattern.compile("\"%s\" ?: ?\"([^\"]+)\"".formatted(field)).matcher(json);
        assertThat(matcher.find()).as("%s in %s", field, json).isTrue();
        return matcher.group(1);
    }
}
