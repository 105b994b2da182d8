package io.vnvme.control.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateFileTest {
    private static final ClaimedDrive DRIVE = new ClaimedDrive("ram0", "ram", 64 << 20, "2026-01-01T00:00:00Z");

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

    static VnvmeRecord vnvme(String name, long offsetBytes, long sizeBytes) {
        return new VnvmeRecord(
                name,
                "5035f38f-8297-4788-8227-9dbce26a70e9",
                "5035f38f8297478802279dbce26a70e9",
                "02126e3360fd3761",
                "nqn.2014-08.org.nvmexpress:uuid:5035f38f-8297-4788-8227-9dbce26a70e9",
                "5035F38F829747888227",
                1,
                512,
                "ram0",
                offsetBytes,
                sizeBytes,
                false,
                "2026-01-01T00:00:00Z");
    }

    @Test
    void nothingSavedIsEmpty() {
        assertThat(new StateFile(folder).load()).isEqualTo(State.EMPTY);
    }

    @Test
    void whatWasSavedIsLoaded() {
        State state = State.EMPTY.with(DRIVE).with(vnvme("d1", 0, 1 << 20)).with(vnvme("d2", 1 << 20, 4096));
        new StateFile(folder).save(state);
        assertThat(new StateFile(folder).load()).isEqualTo(state);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void crashAtAnyStepLeavesTheOldOrTheNewState(int failAt) {
        State before = State.EMPTY.with(DRIVE);
        State after = before.with(vnvme("d1", 0, 1 << 20));
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
    void overlapIsDamage() {
        new StateFile(folder)
                .save(State.EMPTY.with(DRIVE).with(vnvme("d1", 0, 2 << 20)).with(vnvme("d2", 1 << 20, 4096)));
        assertThatThrownBy(() -> new StateFile(folder).load()).hasMessageContaining("overlap");
    }

    @Test
    void laterVersionIsRefused() throws IOException {
        Files.writeString(folder.resolve("state.json"), "{\"version\":2,\"drives\":[],\"vnvmes\":[],\"new\":1}");
        assertThatThrownBy(() -> new StateFile(folder).load()).hasMessageContaining("start the newer vnvme");
    }
}
