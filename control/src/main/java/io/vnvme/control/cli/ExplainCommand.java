package io.vnvme.control.cli;

import io.avaje.jsonb.Jsonb;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.model.EventKindInfo;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Needs no daemon: what it explains may be that there is none. */
@Command(
        name = "explain",
        description = {
            "Explain a kind of event: what happened, what it means for data, what to do.",
            "Without one: list them."
        })
final class ExplainCommand implements Callable<Integer> {
    private static final int WIDTH_MAX = 100;
    private static final String INDENT = "  ";

    @Parameters(
            arity = "0..1",
            paramLabel = "EVENT",
            description = "its kind, such as pool-full",
            completionCandidates = Kinds.class)
    private @Nullable String event;

    @Option(names = "--json", description = "print it as JSON")
    private boolean json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    static final class Kinds implements Iterable<String> {
        @Override
        public java.util.Iterator<String> iterator() {
            return Arrays.stream(EventKind.values()).map(EventKind::text).iterator();
        }
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        String wanted = event;
        out.print(wanted == null ? all() : one(wanted));
        out.flush();
        return 0;
    }

    private String all() {
        List<EventKindInfo> kinds =
                Arrays.stream(EventKind.values()).map(EventKind::info).toList();
        if (json) {
            return Jsonb.builder().build().type(EventKindInfo.class).list().toJson(kinds) + "\n";
        }
        Table table = new Table("EVENT", "SEVERITY", "WHAT HAPPENED");
        kinds.forEach(k -> table.row(k.id(), k.severity(), k.happened()));
        return table.text(Terminal.width());
    }

    private String one(String wanted) {
        EventKindInfo kind = EventKind.of(wanted)
                .orElseThrow(() -> new CliException(
                        "no kind of event is called '%s': 'vnvme explain' lists them".formatted(wanted)))
                .info();
        if (json) {
            return Jsonb.builder().build().type(EventKindInfo.class).toJson(kind) + "\n";
        }
        return "%s (%s)\n\nWhat happened\n%s\nWhat it means for data\n%s\nWhat to do\n%s"
                .formatted(
                        kind.id(),
                        kind.severity(),
                        folded(kind.happened()),
                        folded(kind.data()),
                        folded(kind.action()));
    }

    /** In lines that are not wider than people like to read. */
    private static String folded(String text) {
        int width = Math.min(Terminal.width(), WIDTH_MAX);
        StringBuilder lines = new StringBuilder();
        StringBuilder line = new StringBuilder(INDENT);
        for (String word : text.split(" ", -1)) {
            if (line.length() > INDENT.length() && line.length() + word.length() + 1 > width) {
                lines.append(line).append('\n');
                line.setLength(INDENT.length());
            }
            line.append(line.length() > INDENT.length() ? " " : "").append(word);
        }
        return lines.append(line).append('\n').toString();
    }
}
