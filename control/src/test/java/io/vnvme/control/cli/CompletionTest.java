package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.AutoComplete;

/** A real bash is asked what it would complete. */
class CompletionTest {
    @TempDir
    Path folder;

    @Test
    void bashKnowsCommandsAndOptions() throws IOException, InterruptedException {
        assertThat(completed("vnvme", "snap")).containsExactly("snapshot");
        assertThat(completed("vnvme", "pool", "sh")).containsExactlyInAnyOrder("show", "shrink");
        assertThat(completed("vnvme", "create", "--thi")).containsExactly("--thick");
        assertThat(completed("vnvme", "nothing-like-this")).isEmpty();
    }

    @Test
    void fishIsToldOfEachCommandAndOption() {
        String script = FishCompletion.of(Vnvme.complete().getCommandSpec());
        assertThat(script)
                .contains("complete -c vnvme -n '__vnvme_next' -a create -d '")
                .contains("complete -c vnvme -n '__vnvme_next pool' -a create -d 'Join claimed drives to a pool.'\n")
                .contains("complete -c vnvme -n '__vnvme_at pool create' -l layout -r -F -d '")
                .contains("complete -c vnvme -n '__vnvme_at create' -l thick -d '")
                .contains("complete -c vnvme -n '__vnvme_at completion' -a 'bash zsh fish'\n");
        assertThat(script.lines().filter(line -> line.startsWith("complete")))
                .allSatisfy(line -> assertThat(line.replace("\\'", "")
                                        .chars()
                                        .filter(c -> c == '\'')
                                        .count()
                                % 2)
                        .as(line)
                        .isZero());
    }

    private String[] completed(String... words) throws IOException, InterruptedException {
        Path script = folder.resolve("completion");
        Files.writeString(script, AutoComplete.bash("vnvme", Vnvme.complete()));
        String program =
                "source '%s'; COMP_WORDS=(%s); COMP_CWORD=%d; _complete_vnvme; printf '%%s\\n' \"${COMPREPLY[@]}\""
                        .formatted(script, String.join(" ", words), words.length - 1);
        Process bash = new ProcessBuilder("bash", "-c", program)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(bash.waitFor()).isZero();
        return said.lines().map(String::strip).filter(line -> !line.isEmpty()).toArray(String[]::new);
    }
}
