package io.vnvme.control.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.EventKindInfo;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ExplainTest {
    private final StringWriter out = new StringWriter();

    private String explain(String... args) {
        out.getBuffer().setLength(0);
        int status = new CommandLine(new ExplainCommand())
                .setOut(new PrintWriter(out))
                .setExecutionExceptionHandler((e, command, _) -> {
                    command.getOut().print(e.getMessage());
                    command.getOut().flush();
                    return CommandLine.ExitCode.SOFTWARE;
                })
                .execute(args);
        return status + " " + out;
    }

    @Test
    void anEventIsExplained() {
        EventKindInfo full = EventKind.POOL_FULL.info();
        assertThat(explain("pool-full").replaceAll("\\s+", " "))
                .startsWith("0 pool-full (error)")
                .contains(full.happened(), full.data(), full.action());
        assertThat(explain("pool-full").lines())
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(102));
        String json = explain("--json", "pool-full").substring(2);
        assertThat(ServedApi.JSONB.type(EventKindInfo.class).fromJson(json)).isEqualTo(full);
        assertThat(explain("pool-ful"))
                .isEqualTo("1 no kind of event is called 'pool-ful': 'vnvme explain' lists them");
        assertThat(explain().lines()).hasSize(EventKind.values().length + 1);
    }
}
