package io.vnvme.control.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.Qos;
import io.vnvme.control.model.QosLimits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateFileTest {
    private static final ClaimedDrive DRIVE = new ClaimedDrive(
            "ram0", "5035f38f-8297-4788-8227-9dbce26a70e9", "ram", "", 64 << 20, "2026-01-01T00:00:00Z");

    @TempDir
    Path folder;

    /** Fails at one of the three steps, leaving behind what a crash there could leave. */
    private record FailingDisk(int failAt) implements Disk {
        @Override
        public void write(Path file, byte[] content) throws IOException {
            if (failAt == 1) {
                Files.write(file, java.util.Arrays.copyOf(content, content.length / 2));
                throw new IOException("torn write");
            }
            Disk.REAL.write(file, content);
        }

        @Override
        public void replace(Path file, Path target) throws IOException {
            if (failAt == 2) {
                throw new IOException("no rename");
            }
            Disk.REAL.replace(file, target);
        }

        @Override
        public void sync(Path directory) throws IOException {
            if (failAt == 3) {
                throw new IOException("no sync");
            }
            Disk.REAL.sync(directory);
        }
    }

    private static VnvmeRecord vnvme(String name) {
        String uuid =
                UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
        return new VnvmeRecord(
                name,
                uuid,
                "n",
                "e",
                "nqn",
                "s",
                1,
                512,
                "p",
                1 << 20,
                false,
                false,
                false,
                null,
                false,
                "mapped",
                "2026",
                Qos.NONE,
                List.of("nqn.2014-08.org.nvmexpress:uuid:" + uuid),
                new Access(true, List.of("192.0.2.1:4420"), 2, Map.of(Access.PCI, "inaccessible")),
                null);
    }

    private static State full() {
        return State.EMPTY
                .with(DRIVE)
                .with(new PoolRecord("p", UUID.randomUUID().toString(), "concat", List.of(List.of("ram0")), List.of()))
                .with(vnvme("d1"))
                .with(vnvme("d2"))
                .with(new ExportedPool("q", UUID.randomUUID().toString(), "mirror", List.of("/a", "/b")));
    }

    @Test
    void nothingSavedIsEmpty() {
        assertThat(new StateFile(folder).load()).isEqualTo(State.EMPTY);
    }

    @Test
    void whatWasSavedIsLoaded() {
        State state = full();
        new StateFile(folder).save(state);
        assertThat(new StateFile(folder).load()).isEqualTo(state);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void crashAtAnyStepLeavesTheOldOrTheNewState(int failAt) {
        State before = State.EMPTY.with(DRIVE);
        State after = full();
        new StateFile(folder).save(before);
        assertThatThrownBy(() -> new StateFile(folder, new FailingDisk(failAt)).save(after))
                .isInstanceOf(StateFileException.class)
                .hasMessageContaining("cannot be written");
        assertThat(new StateFile(folder).load()).isEqualTo(failAt == 3 ? after : before);
        new StateFile(folder).save(after);
        assertThat(new StateFile(folder).load()).isEqualTo(after);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[]",
                "{\"drives\":[],\"vnvmes\":[]}",
                "{\"version\":0,\"drives\":[],\"vnvmes\":[]}",
                "{\"version\":1}",
                "{\"version\":1,\"drives\":[{}],\"vnvmes\":[]}",
                "{\"version\":1,\"drives\":[],\"vnvmes\":[{\"name\":\"d1\"}]}"
            })
    void damageIsSaidAndLeftAlone(String text) throws IOException {
        Path file = folder.resolve("state.json");
        Files.writeString(file, text);
        assertThatThrownBy(() -> new StateFile(folder).load())
                .isInstanceOf(StateFileException.class)
                .hasMessageContaining("is damaged")
                .hasMessageContaining("left alone");
        assertThat(file).hasContent(text);
    }

    @Test
    void whatLiesInNothingIsDamage() {
        for (State state : List.of(
                full().withoutPool("p"),
                full().withoutDrive("ram0"),
                State.EMPTY.with(DRIVE).with(vnvme("d1")))) {
            new StateFile(folder).save(state);
            assertThatThrownBy(() -> new StateFile(folder).load()).hasMessageContaining("is damaged");
        }
    }

    @Test
    void rangesOfTheFirstVersionBecomeVolumes() throws IOException {
        Files.writeString(folder.resolve("state.json"), """
                {"version":1,
                 "drives":[{"name":"ram0","kind":"ram","sizeBytes":67108864,"claimedAt":"2026-01-01T00:00:00Z"},
                           {"name":"ram1","kind":"ram","sizeBytes":67108864,"claimedAt":"2026-01-01T00:00:00Z"}],
                 "vnvmes":[{"name":"d1","uuid":"5035f38f-8297-4788-8227-9dbce26a70e9",
                   "nguid":"5035f38f8297478802279dbce26a70e9","eui64":"02126e3360fd3761","nqn":"nqn.x",
                   "serial":"5035F38F829747888227","nsid":1,"blockSizeBytes":4096,"drive":"ram0","offsetBytes":0,
                   "sizeBytes":1048576,"msi":true,"createdAt":"2026-01-01T00:00:00Z"}]}
                """);
        State state = new StateFile(folder).load();
        assertThat(state.drives()).extracting("name").containsExactly("ram0", "ram1");
        assertThat(state.pools())
                .singleElement()
                .satisfies(p -> assertThat(p.drives()).containsExactly("ram0"));
        assertThat(state.vnvmes()).singleElement().satisfies(v -> {
            assertThat(v.pool()).isEqualTo("pool-ram0");
            assertThat(v.nqn()).isEqualTo("nqn.x");
            assertThat(v.msi()).isTrue();
            assertThat(v.blockSizeBytes()).isEqualTo(4096);
        });
        new StateFile(folder).save(state);
        assertThat(new StateFile(folder).load()).isEqualTo(state);
    }

    @Test
    void theSecondVersionHasNoLimits() throws IOException {
        Files.writeString(folder.resolve("state.json"), """
                {"version":2,
                 "drives":[{"name":"ram0","uuid":"5035f38f-8297-4788-8227-9dbce26a70e1","kind":"ram","path":"",
                            "sizeBytes":67108864,"claimedAt":"2026-01-01T00:00:00Z"}],
                 "pools":[{"name":"p","uuid":"5035f38f-8297-4788-8227-9dbce26a70e2","layout":"concat",
                           "sets":[["ram0"]],"stale":[]}],
                 "vnvmes":[{"name":"d1","uuid":"5035f38f-8297-4788-8227-9dbce26a70e9",
                   "nguid":"5035f38f8297478802279dbce26a70e9","eui64":"02126e3360fd3761","nqn":"nqn.x",
                   "serial":"5035F38F829747888227","nsid":1,"blockSizeBytes":4096,"pool":"p",
                   "sizeBytes":1048576,"thick":false,"checksum":false,"encrypted":false,"msi":true,
                   "createdAt":"2026-01-01T00:00:00Z"}],
                 "exported":[]}
                """);
        State state = new StateFile(folder).load();
        assertThat(state.version()).isEqualTo(State.VERSION);
        assertThat(state.groups()).isEmpty();
        assertThat(state.vnvmes())
                .singleElement()
                .satisfies(v -> assertThat(v.qos()).isEqualTo(Qos.NONE));
        new StateFile(folder).save(state);
        assertThat(new StateFile(folder).load()).isEqualTo(state);
    }

    @Test
    void limitsAndGroupsAreKept() {
        QosLimits limits = new QosLimits(1, 2, 3, 4, 5, 6, 7);
        State state =
                full().with(new GroupRecord("blue", limits)).with(vnvme("d3").withQos(new Qos(limits, 7, "blue")));
        new StateFile(folder).save(state);
        assertThat(new StateFile(folder).load()).isEqualTo(state);
    }

    @Test
    void limitsAndPathsThatAreNoneAreDamage() {
        QosLimits negative = new QosLimits(-1, 0, 0, 0, 0, 0, 0);
        for (State state : List.of(
                full().with(new GroupRecord("blue", negative)),
                full().with(vnvme("d3").withQos(new Qos(negative, 100, null))),
                full().with(vnvme("d3").withQos(new Qos(QosLimits.NONE, 0, null))),
                full().with(vnvme("d3").withQos(new Qos(QosLimits.NONE, 100, "blue"))),
                full().with(vnvme("d3").withAccess(Access.USUAL.inGroup(0))),
                full().with(vnvme("d3").withAccess(Access.USUAL.with(Access.PCI, "broken"))))) {
            new StateFile(folder).save(state);
            assertThatThrownBy(() -> new StateFile(folder).load()).hasMessageContaining("is damaged");
        }
    }

    @Test
    void versionThreeKnewNoHostsOrPaths() throws IOException {
        State state = full();
        new StateFile(folder).save(state);
        Path file = folder.resolve("state.json");
        String old = Files.readString(file)
                .replaceAll(",\\s*\"hosts\"\\s*:\\s*\\[[^]]*]", "")
                .replaceAll(",\\s*\"access\"\\s*:\\s*\\{[^}]*}[^}]*}", "")
                .replaceFirst("\"version\"\\s*:\\s*\\d+", "\"version\":3");
        assertThat(old).doesNotContain("hosts", "access").contains("\"version\":3");
        Files.writeString(file, old);
        State loaded = new StateFile(folder).load();
        assertThat(loaded.version()).isEqualTo(State.VERSION);
        assertThat(loaded.vnvmes()).extracting(VnvmeRecord::hosts).containsOnly(List.of());
        assertThat(loaded.vnvmes()).extracting(VnvmeRecord::access).containsOnly(Access.USUAL);
        assertThat(loaded.vnvmes()).extracting(VnvmeRecord::name).containsExactly("d1", "d2");
    }

    @Test
    void laterVersionIsRefused() throws IOException {
        Files.writeString(
                folder.resolve("state.json"),
                "{\"version\":%d,\"drives\":[],\"vnvmes\":[],\"new\":1}".formatted(State.VERSION + 1));
        assertThatThrownBy(() -> new StateFile(folder).load()).hasMessageContaining("start the newer vnvme");
    }
}
