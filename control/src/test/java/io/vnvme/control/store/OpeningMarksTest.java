package io.vnvme.control.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpeningMarksTest {
    private static final String UUID = "d9c1a9f2-0a7e-4b5e-a1c6-0d6f3c1b2a3d";

    @TempDir
    private Path folder;

    private Instant now = Instant.now();

    private OpeningMarks marks() {
        return new OpeningMarks(folder, () -> now);
    }

    @Test
    void eachDeathCountsUntilItHasBeenTakenUp() {
        assertThat(marks().deaths(UUID)).isZero();
        marks().begin(UUID);
        assertThat(marks().deaths(UUID)).isEqualTo(1);
        marks().begin(UUID);
        assertThat(marks().deaths(UUID)).isEqualTo(2);
        marks().end(UUID);
        assertThat(marks().deaths(UUID)).isZero();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aProcessThatIsToldToEndLeavesNone() {
        marks().begin(UUID);
        marks().begin("other");
        OpeningMarks.endAll();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void whatIsLongAgoCountsNoMore() {
        marks().begin(UUID);
        now = now.plus(OpeningMarks.LIFE).plusSeconds(60);
        assertThat(marks().deaths(UUID)).isZero();
    }

    @Test
    void whatCannotBeReadOrWrittenHindersNobody() throws IOException {
        Files.writeString(folder.resolve("opening." + UUID), "many");
        assertThat(marks().deaths(UUID)).isZero();
        Files.delete(folder.resolve("opening." + UUID));
        OpeningMarks elsewhere = new OpeningMarks(folder.resolve("not there"), () -> now);
        elsewhere.begin(UUID);
        assertThat(elsewhere.deaths(UUID)).isZero();
        elsewhere.end(UUID);
    }
}
