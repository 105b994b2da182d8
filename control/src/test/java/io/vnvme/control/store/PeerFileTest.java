package io.vnvme.control.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PeerFileTest {
    private static final PeerRecord WEST = new PeerRecord("west", "192.0.2.7:8443", "AB:CD", "vnvme_secret");
    private static final PeerRecord EAST = new PeerRecord("east", "[2001:db8::7]:1", "EF:01", "vnvme_other");

    @TempDir
    Path folder;

    @Test
    void keepsWhatWasSavedForTheDaemonAlone() throws IOException {
        assertThat(new PeerFile(folder).load()).isEmpty();
        new PeerFile(folder).save(List.of(WEST, EAST));
        assertThat(new PeerFile(folder).load()).containsExactly(WEST, EAST);
        Path file = folder.resolve("peers.json");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        new PeerFile(folder).save(List.of());
        assertThat(new PeerFile(folder).load()).isEmpty();
        assertThat(Files.readString(file)).doesNotContain("vnvme_secret");
        assertThat(WEST.toString()).contains("west").doesNotContain("secret");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "{\"version\":2,\"peers\":[]}",
                "{\"version\":1,\"peers\":[{\"name\":\"west\",\"address\":\"a\",\"fingerprint\":\"b\"}]}",
                "{\"version\":1,\"peers\":[{\"name\":\"west\",\"address\":\" \",\"fingerprint\":\"b\",\"token\":\"vnvme_secret\"}]}",
                "{\"version\":1,\"peers\":[{\"name\":\"w\",\"address\":\"a\",\"fingerprint\":\"b\",\"token\":\"vnvme_secret\"},"
                        + "{\"name\":\"w\",\"address\":\"a\",\"fingerprint\":\"b\",\"token\":\"vnvme_secret\"}]}"
            })
    void whatMakesNoSenseIsRefusedAndLeftAlone(String content) throws IOException {
        Path file = folder.resolve("peers.json");
        Files.writeString(file, content);
        assertThatThrownBy(() -> new PeerFile(folder).load())
                .isInstanceOf(StateFileException.class)
                .hasMessageContaining("peers.json")
                .hasMessageNotContaining("secret")
                .hasNoCause();
        assertThat(Files.readString(file)).isEqualTo(content);
    }
}
