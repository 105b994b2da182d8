package io.vnvme.control.plane;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

final class LastingTest {
    private final Lasting<String> lasting = new Lasting<>(3, 2);

    private Optional<String> look(String found) {
        return lasting.after(found.isEmpty() ? Optional.empty() : Optional.of(found));
    }

    @Test
    void whatIsFoundInARowIsDue() {
        assertThat(look("a")).isEmpty();
        assertThat(look("a")).isEmpty();
        assertThat(look("a")).contains("a");
    }

    @Test
    void anotherOneOrNothingBeginsAnew() {
        look("a");
        look("a");
        assertThat(look("b")).isEmpty();
        assertThat(look("b")).isEmpty();
        assertThat(look("")).isEmpty();
        assertThat(look("b")).isEmpty();
        assertThat(look("b")).isEmpty();
        assertThat(look("b")).contains("b");
    }

    @Test
    void nothingIsDueForEver() {
        for (int i = 0; i < 10; i++) {
            assertThat(look("")).isEmpty();
        }
    }

    @Test
    void afterOneThereIsAPause() {
        look("a");
        look("a");
        assertThat(look("a")).isPresent();
        assertThat(look("b")).isEmpty();
        assertThat(look("b")).isEmpty();
        assertThat(look("b")).as("the pause is over, and this is the first").isEmpty();
        assertThat(look("b")).isEmpty();
        assertThat(look("b")).contains("b");
    }
}
