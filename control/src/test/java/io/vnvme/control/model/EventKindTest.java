package io.vnvme.control.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class EventKindTest {
    private static String section(EventKindInfo kind) {
        return "### %s\n\n%s. %s\n\n* **Data**: %s\n* **To do**: %s\n"
                .formatted(
                        kind.id(),
                        Character.toUpperCase(kind.severity().charAt(0))
                                + kind.severity().substring(1),
                        kind.happened(),
                        kind.data(),
                        kind.action());
    }

    /** The sections of docs/events.md: where they differ from the program, what this expects is what belongs there. */
    @Test
    void allAreDocumentedAndNoOthers() throws IOException {
        String page = Files.readString(Path.of("../docs/events.md"));
        assertThat(page.substring(page.indexOf("### ")))
                .isEqualTo(Arrays.stream(EventKind.values())
                        .map(k -> section(k.info()))
                        .collect(Collectors.joining("\n")));
    }

    @Test
    void eachIsExplainedInSentences() {
        for (EventKind kind : EventKind.values()) {
            EventKindInfo info = kind.info();
            assertThat(List.of(info.happened(), info.data(), info.action()))
                    .as(info.id())
                    .allSatisfy(text -> assertThat(text).matches("[A-Z'].*\\."));
            assertThat(EventKind.of(info.id())).contains(kind);
        }
        assertThat(EventKind.of("none")).isEmpty();
    }
}
