package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A document whose commands are done, one after the other. */
record Guide(String document, DaemonUnderTest daemon) {
    /**
     * Does the commands of a section, each of which has to succeed.
     *
     * @param here what words of the document are on this host
     */
    void follow(String heading, Map<String, List<String>> here) throws IOException, InterruptedException {
        List<List<String>> commands = Document.of(document).commands(heading);
        assertThat(commands).as("%s, %s", document, heading).isNotEmpty();
        for (List<String> command : commands) {
            // The bench is another module's: BenchIT has it.
            if (!command.getFirst().equals("bench")) {
                List<String> words = new ArrayList<>();
                command.forEach(word -> words.addAll(here.getOrDefault(word, List.of(word))));
                daemon.vnvme(words.toArray(String[]::new));
            }
        }
    }
}
