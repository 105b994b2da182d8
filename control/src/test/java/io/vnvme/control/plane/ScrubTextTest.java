package io.vnvme.control.plane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.control.model.ProblemException;
import io.vnvme.pool.Scrub;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ScrubTextTest {
    @Test
    void nothingIsWrong() {
        assertThat(ScrubText.of(new Scrub.Report(16, 3, 0, 0, List.of())))
                .isEqualTo("1 MiB of data and 3 pages of metadata were read: nothing is wrong");
    }

    @Test
    void whatWasRepairedIsCounted() {
        assertThat(ScrubText.of(new Scrub.Report(16, 3, 2, 0, List.of())))
                .contains("2 blocks that a drive of a mirror had wrong were repaired")
                .doesNotContain("nothing is wrong");
    }

    @Test
    void whatIsWrongIsAProblemThatSaysWhatToDo() {
        Scrub.Report report = new Scrub.Report(16, 3, 2, 1, List.of("v cannot be read at byte 4096"));
        assertThatThrownBy(() -> ScrubText.of(report))
                .isInstanceOf(ProblemException.class)
                .hasMessageContaining("2 blocks that a drive of a mirror had wrong")
                .hasMessageContaining("1 errors: v cannot be read at byte 4096")
                .hasMessageContaining("restore it");
    }
}
