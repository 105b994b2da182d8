package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** What users read is what the program understands. */
class DocumentsTest {
    /** Of other modules, or of the sources alone. */
    private static final Set<String> ELSEWHERE = Set.of("bench", "demo");

    @Test
    void everyCommandInADocumentIsUnderstood() {
        List<String> problems = new ArrayList<>();
        int commands = 0;
        CommandLine program = Vnvme.complete();
        for (Document document : Document.all()) {
            for (List<String> command : document.commands()) {
                if (command.isEmpty() || ELSEWHERE.contains(command.getFirst())) {
                    continue;
                }
                commands++;
                try {
                    program.parseArgs(command.toArray(String[]::new));
                } catch (ParameterException e) {
                    problems.add("%s: vnvme %s: %s".formatted(document, String.join(" ", command), e.getMessage()));
                }
            }
        }
        assertThat(problems).isEmpty();
        assertThat(commands).isGreaterThan(60);
    }
}
