package io.vnvme.control.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The script that has fish complete commands, options and their values. */
final class FishCompletion {
    /** Which command is being typed: its words, in their places. */
    private static final String FUNCTIONS = """
            function __vnvme_at
                set -l words (commandline -opc)
                test (count $words) -gt (count $argv); or return 1
                for i in (seq (count $argv))
                    test "$words[(math $i + 1)]" = "$argv[$i]"; or return 1
                end
            end

            function __vnvme_next
                __vnvme_at $argv; and test (count (commandline -opc)) -eq (math (count $argv) + 1)
            end

            complete -c vnvme -f
            """;

    private FishCompletion() {}

    static String of(CommandSpec root) {
        StringBuilder script = new StringBuilder(FUNCTIONS);
        add(script, root, List.of());
        return script.toString();
    }

    private static void add(StringBuilder script, CommandSpec command, List<String> words) {
        String place = words.isEmpty() ? "" : " " + String.join(" ", words);
        for (OptionSpec option : command.options()) {
            if (!option.hidden()) {
                line(script, "__vnvme_at" + place, option(option), option.description());
            }
        }
        command.positionalParameters().stream()
                .map(FishCompletion::values)
                .filter(values -> !values.isEmpty())
                .forEach(values -> line(script, "__vnvme_at" + place, "-a " + quoted(values)));
        command.subcommands().forEach((name, sub) -> {
            CommandSpec spec = sub.getCommandSpec();
            line(
                    script,
                    "__vnvme_next" + place,
                    "-a " + name,
                    spec.usageMessage().description());
            List<String> longer = new ArrayList<>(words);
            longer.add(name);
            add(script, spec, longer);
        });
    }

    private static String option(OptionSpec option) {
        StringBuilder words = new StringBuilder();
        for (String name : option.names()) {
            words.append(words.isEmpty() ? "" : " ").append(name.startsWith("--") ? "-l " : "-s ");
            words.append(name.replaceAll("^-+", ""));
        }
        if (option.arity().max() > 0) {
            String values = values(option);
            // A value follows; where nothing is known of it, files are offered.
            words.append(values.isEmpty() ? " -r -F" : " -x -a " + quoted(values));
        }
        return words.toString();
    }

    private static String values(ArgSpec argument) {
        Iterable<String> candidates = argument.completionCandidates();
        return candidates == null ? "" : String.join(" ", candidates);
    }

    private static void line(StringBuilder script, String place, String what, String... description) {
        script.append("complete -c vnvme -n ").append(quoted(place)).append(' ').append(what);
        if (description.length > 0) {
            script.append(" -d ").append(quoted(description[0]));
        }
        script.append('\n');
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
