package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pools of files and a real daemon, by commands: what people do to them, and what they are told. */
class PoolCommandsIT {
    @TempDir
    Path folder;

    private DaemonUnderTest daemon;

    @BeforeEach
    void setUp() throws IOException {
        daemon = new DaemonUnderTest(folder);
    }

    @AfterEach
    void tearDown() {
        daemon.close();
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private void claim(String... names) throws IOException, InterruptedException {
        for (String name : names) {
            daemon.vnvme("drive", "claim", path(name + ".img"), "--size", "64M");
        }
    }

    @Test
    void aMirrorGrowsByAMirrorAndKeepsWhatItHolds() throws IOException, InterruptedException {
        claim("a", "b", "c", "d", "e");
        daemon.vnvme("pool", "create", "p", "a", "b", "--layout", "mirror");
        byte[] data = new byte[40 << 20];
        new Random(1).nextBytes(data);
        Files.write(folder.resolve("in.raw"), data);
        daemon.vnvme("import", path("in.raw"), "v1", "--checksum");
        assertThat(daemon.refused("pool", "grow", "p", "c")).contains("grows by mirrors of 2 drives");
        assertThat(daemon.vnvme("pool", "grow", "p", "c", "d")).startsWith("pool p has 127 MiB");
        daemon.vnvme("import", path("in.raw"), "v2");
        daemon.kill();
        daemon.startAgain();
        assertThat(daemon.vnvme("pool", "show", "p")).contains("online", "drive     d, 64 MiB, ok, mirror 1");
        assertThat(daemon.vnvme("pool", "replace", "p", "c", "e")).contains("e is a full member of p");
        assertThat(daemon.vnvme("pool", "scrub", "p")).contains("nothing is wrong");
        for (String name : new String[] {"v1", "v2"}) {
            daemon.vnvme("export", name, path(name + ".raw"));
            assertThat(Files.mismatch(folder.resolve("in.raw"), folder.resolve(name + ".raw")))
                    .isEqualTo(-1);
        }
    }

    /** What lies in the pool cannot be read without the key; a file of it is made only for who has that. */
    @Test
    void anEncryptedVolumeGoesInAndOutWithItsKey() throws IOException, InterruptedException {
        claim("a");
        byte[] data = new byte[4 << 20];
        byte[] sentence = "what nobody may find on the drive".getBytes(StandardCharsets.UTF_8);
        for (int at = 0; at + sentence.length < data.length; at += 512) {
            System.arraycopy(sentence, 0, data, at, sentence.length);
        }
        Files.write(folder.resolve("in.raw"), data);
        Files.write(folder.resolve("key"), new byte[64]);
        Files.write(folder.resolve("other"), new byte[65]);
        daemon.vnvme("import", path("in.raw"), "e", "--key-file", path("key"));
        daemon.vnvme("snapshot", "e", "s");
        String drive = Files.readString(folder.resolve("a.img"), StandardCharsets.ISO_8859_1);
        assertThat(drive.contains(new String(sentence, StandardCharsets.UTF_8))).isFalse();
        assertThat(daemon.refused("export", "e", path("out.raw"))).contains("e is encrypted, the file will not be");
        assertThat(daemon.refused("export", "e@s", path("out.raw"), "--key-file", path("other")))
                .contains(path("other"));
        assertThat(folder.resolve("out.raw")).doesNotExist();
        daemon.kill();
        daemon.startAgain();
        for (String source : new String[] {"e", "e@s"}) {
            Path out = folder.resolve(source + ".raw");
            assertThat(daemon.vnvme("export", source, out.toString(), "--key-file", path("key")))
                    .contains("as raw, not encrypted");
            assertThat(Files.mismatch(folder.resolve("in.raw"), out)).isEqualTo(-1);
        }
    }

    @Test
    void howLongWritesAreHeldIsKeptWithThePool() throws IOException, InterruptedException {
        claim("a");
        daemon.vnvme("pool", "create", "p", "a");
        assertThat(daemon.vnvme("pool", "show", "p")).contains("if full   writes wait 30 min for space");
        assertThat(daemon.vnvme("pool", "set", "p", "--hold-writes", "2h"))
                .isEqualTo("when pool p is full, writes wait 2 h for space\n");
        daemon.kill();
        daemon.startAgain();
        assertThat(daemon.vnvme("pool", "show", "p")).contains("if full   writes wait 2 h for space");
        daemon.vnvme("pool", "set", "p", "--hold-writes", "forever");
        assertThat(daemon.vnvme("pool", "show", "p")).contains("if full   writes wait until there is space");
        daemon.vnvme("pool", "set", "p", "--hold-writes", "0");
        assertThat(daemon.vnvme("pool", "show", "p")).contains("if full   writes that need space fail");
        assertThat(daemon.refused("pool", "set", "p", "--hold-writes", "999999h"))
                .contains("writes wait for 0 to");
        assertThat(daemon.vnvme("pool", "show", "p")).contains("if full   writes that need space fail");
    }

    @Test
    void anExportedPoolIsCheckedImportedWithoutADriveOrForgotten() throws IOException, InterruptedException {
        claim("a", "b");
        daemon.vnvme("pool", "create", "p", "a", "b", "--layout", "mirror");
        daemon.vnvme("create", "v", "--size", "1G");
        assertThat(daemon.vnvme("pool", "export", "p")).contains(path("a.img"), path("b.img"));
        assertThat(daemon.vnvme("pool", "check", "p"))
                .contains("2 drives, 1 volumes and snapshots", "nothing is wrong");
        assertThat(daemon.refused("drive", "claim", path("a.img"))).contains("holds drive a of vNVMe pool p");
        Files.move(folder.resolve("b.img"), folder.resolve("b.away"));
        Files.createDirectories(folder.resolve("elsewhere"));
        Files.move(folder.resolve("b.away"), folder.resolve("elsewhere/b.away"));
        assertThat(daemon.refused("pool", "import", "p", "--from", folder.toString()))
                .contains("p lacks drive");
        assertThat(daemon.vnvme("pool", "import", "--from", folder.toString()))
                .contains("MISSING", "p ", path("a.img"));
        assertThat(daemon.vnvme("pool", "show", "p")).contains("exported");
        String degraded = daemon.vnvme("pool", "import", "p", "--degraded", "--from", folder.toString());
        assertThat(degraded).contains("imported pool p: degraded").contains("1 volume, 0 snapshots");
        String known = daemon.vnvme("pool", "show", "p")
                .lines()
                .filter(line -> line.contains("drive-"))
                .findFirst()
                .orElseThrow();
        assertThat(known).contains("64 MiB, missing");
        daemon.vnvme("pool", "export", "p");
        assertThat(daemon.refused("pool", "create", "p", "x")).contains("there is a pool p already");
        assertThat(daemon.vnvme("pool", "forget", "p")).isEqualTo("forgot pool p\n");
        assertThat(daemon.refused("pool", "forget", "p")).contains("no exported pool p");
        assertThat(daemon.vnvme("pool", "ls")).startsWith("no pools");
        assertThat(daemon.refused("drive", "claim", path("a.img"))).contains("holds drive a of vNVMe pool p");
    }

    @Test
    void drivesInUseAndThickVolumes() throws IOException, InterruptedException {
        claim("a");
        try (DaemonUnderTest other = new DaemonUnderTest(Files.createDirectories(folder.resolve("other")))) {
            assertThat(other.refused("drive", "claim", path("a.img"), "--force", "--yes"))
                    .contains("is locked by another program, and holds drive a", "not even by force");
        }
        assertThat(daemon.refused("drive", "release", path("b.img"))).contains("no claimed drive lies at");
        daemon.vnvme("pool", "create", "p", "a");
        daemon.vnvme("create", "t", "--size", "16M", "--thick");
        assertThat(daemon.vnvme("show", "t")).contains("16 MiB used: 16 MiB exclusive, 0 B shared");
        daemon.vnvme("snapshot", "t", "s");
        daemon.vnvme("export", "t@s", path("t.qcow2"));
        byte[] image = Files.readAllBytes(folder.resolve("t.qcow2"));
        assertThat(new String(image, 0, 3, StandardCharsets.US_ASCII)).isEqualTo("QFI");
        daemon.vnvme("pool", "destroy", "p", "--force", "--yes");
        assertThat(daemon.vnvme("drive", "release", path("a.img"))).isEqualTo("released a\n");
    }

    @Test
    void anEncryptedVolumeThatIsOpenIsUnlockedAgain() throws IOException, InterruptedException {
        claim("a");
        Files.write(folder.resolve("key"), new byte[64]);
        daemon.vnvme("create", "e", "--size", "16M", "--encrypt", "--key-file", path("key"));
        daemon.vnvme("unlock", "e", "--key-file", path("key"));
        Files.write(folder.resolve("wrong"), new byte[65]);
        daemon.refused("unlock", "e", "--key-file", path("wrong"));
        assertThat(daemon.vnvme("show", "e")).contains("state       idle");
    }
}
