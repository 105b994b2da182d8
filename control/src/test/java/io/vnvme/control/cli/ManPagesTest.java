package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

class ManPagesTest {
    private final Map<String, String> pages = new ManPages("1.2").of(Vnvme.complete());

    private static void names(CommandSpec command, Set<String> names) {
        names.add(command.qualifiedName("-") + ".1");
        command.subcommands().values().forEach(sub -> names(sub.getCommandSpec(), names));
    }

    @Test
    void eachCommandHasOne() {
        Set<String> names = new TreeSet<>();
        names(Vnvme.complete().getCommandSpec(), names);
        assertThat(pages.keySet())
                .containsExactlyInAnyOrderElementsOf(names)
                .contains("vnvme.1", "vnvme-pool-create.1");
    }

    @Test
    void allThatHelpSaysIsInIt() {
        assertThat(pages.get("vnvme-create.1"))
                .startsWith(
                        ".TH \"VNVME\\-CREATE\" 1 2026-01-01 \"vNVMe 1.2\" vNVMe\n.SH \"NAME\"\nvnvme\\-create \\- ")
                .contains(".SH \"OPTIONS\"", "\\-\\-thick", ".I \"NAME\"", ".BR \"vnvme\" (1)");
        assertThat(pages.get("vnvme.1")).contains(".BR \"vnvme\\-pool\" (1)\n");
    }

    @Test
    void whatRoffWouldTakeForARequestIsText() {
        @CommandLine.Command(
                name = "x",
                description = {"First.", ".br is no request, nor is a \\ backslash"})
        final class Command implements Runnable {
            @Override
            public void run() {
                throw new IllegalStateException("not to be run");
            }
        }
        assertThat(new ManPages("1").of(new CommandLine(new Command())).get("x.1"))
                .contains("\n\\&.br is no request, nor is a \\e backslash\n");
    }
}
