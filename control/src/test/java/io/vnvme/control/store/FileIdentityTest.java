package io.vnvme.control.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileIdentityTest {
    private static final FileIdentity KNOWN = new FileIdentity(1, 2, 3, 4, 5);

    @TempDir
    Path folder;

    @Test
    void aFileThatGrowsIsTheSameButChanged() throws IOException {
        Path file = Files.writeString(folder.resolve("f"), "a");
        FileIdentity before = FileIdentity.of(file);
        assertThat(before.unchanged(FileIdentity.of(file))).isTrue();
        Files.writeString(file, "b", StandardOpenOption.APPEND);
        assertThat(FileIdentity.of(file).sameFile(before)).isTrue();
        assertThat(FileIdentity.of(file).unchanged(before)).isFalse();
    }

    @Test
    void oneThatWasWrittenInPlaceIsChanged() throws IOException {
        Path file = Files.writeString(folder.resolve("f"), "a");
        FileIdentity before = FileIdentity.of(file);
        Files.setLastModifiedTime(file, FileTime.fromMillis(0));
        assertThat(FileIdentity.of(file).unchanged(before)).isFalse();
    }

    /** File systems give the number of a file that was deleted to the next one. */
    @Test
    void anotherFileOfTheSameNumberIsNotTheSame() {
        assertThat(new FileIdentity(1, 2, 3, 4, 6).sameFile(KNOWN)).isFalse();
        assertThat(new FileIdentity(1, 3, 3, 4, 5).sameFile(KNOWN)).isFalse();
        assertThat(new FileIdentity(9, 2, 3, 4, 5).sameFile(KNOWN)).isFalse();
        assertThat(new FileIdentity(1, 2, 7, 8, 5).sameFile(KNOWN)).isTrue();
    }

    @Test
    void whereTheBirthOfFilesIsNotKnownTheNumberCounts() {
        FileIdentity unknown = new FileIdentity(1, 2, 3, 4, 0);
        assertThat(unknown.sameFile(KNOWN)).isTrue();
        assertThat(KNOWN.sameFile(unknown)).isTrue();
    }
}
