package io.vnvme.control.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProblemCodeTest {
    /** The table of docs/api.md: where it differs from the program, what this expects is what belongs there. */
    @Test
    void allAreDocumentedAndNoOthers() throws IOException {
        List<String> documented = Files.readAllLines(Path.of("../docs/api.md")).stream()
                .filter(line -> line.matches("\\| `[a-z0-9-]+` \\| [0-9]{3} \\|.*"))
                .toList();
        List<String> known = Arrays.stream(ProblemCode.values())
                .map(c -> "| `%s` | %d | %s |".formatted(c.text(), c.httpStatus(), c.meaning()))
                .toList();
        assertThat(documented).isEqualTo(known);
    }
}
