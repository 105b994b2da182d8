package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.lab.Lab;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** mandoc on the manual pages. */
@Tag("guest")
class ManPagesIT {
    @TempDir
    Path folder;

    @Test
    void mandocFindsNothing() throws IOException, InterruptedException {
        List<String> files = new ArrayList<>();
        for (var page : new ManPages("1.2").of(Vnvme.complete()).entrySet()) {
            files.add(Files.writeString(folder.resolve(page.getKey()), page.getValue())
                    .toString());
        }
        assertThat(mandoc(files)).isEmpty();
        Path wrong = Files.writeString(folder.resolve("wrong.1"), ".TH X 1\n.NOTHING\n");
        assertThat(mandoc(List.of(wrong.toString()))).as("it would complain").contains("NOTHING");
    }

    private static String mandoc(List<String> files) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(Lab.prepare().program("mandoc").toString(), "-T", "lint", "-W", "warning"));
        command.addAll(files);
        Process mandoc = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(mandoc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int status = mandoc.waitFor();
        return status == 0 ? "" : "status %d: %s".formatted(status, said);
    }
}
