package io.vnvme.control.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The manual pages, section 1, in the language of man(7): one for each command, from what {@code --help} is made of. */
final class ManPages {
    /** That of the build's own files (project.build.outputTimestamp): the same sources make the same pages. */
    private static final String DATE = "2026-01-01";

    private final String version;

    ManPages(String version) {
        this.version = version;
    }

    /** All pages by the names of their files. */
    Map<String, String> of(CommandLine root) {
        Map<String, String> pages = new LinkedHashMap<>();
        add(pages, root.getCommandSpec());
        return pages;
    }

    private void add(Map<String, String> pages, CommandSpec command) {
        pages.put(name(command) + ".1", page(command));
        command.subcommands().values().forEach(sub -> add(pages, sub.getCommandSpec()));
    }

    private static String name(CommandSpec command) {
        return command.qualifiedName("-");
    }

    private String page(CommandSpec command) {
        StringBuilder page = new StringBuilder();
        List<String> description = List.of(command.usageMessage().description());
        page.append(".TH %s 1 %s %s vNVMe\n"
                .formatted(quoted(name(command).toUpperCase(Locale.ROOT)), DATE, quoted("vNVMe " + version)));
        macro(page, "SH", "NAME");
        String first = description.isEmpty() ? command.qualifiedName() : description.getFirst();
        page.append(plain(name(command)))
                .append(" \\- ")
                .append(plain(first.replaceAll("\\.$", "")))
                .append('\n');
        macro(page, "SH", "SYNOPSIS");
        synopsis(page, command);
        if (!description.isEmpty()) {
            macro(page, "SH", "DESCRIPTION");
            paragraphs(page, description);
        }
        parameters(page, command);
        options(page, command);
        subcommands(page, command);
        if (command.usageMessage().footer().length > 0) {
            macro(page, "SH", "NOTES");
            paragraphs(page, List.of(command.usageMessage().footer()));
        }
        macro(page, "SH", "EXIT STATUS");
        page.append("0: done. 1: failed; one line says what is wrong and what to do. 2: wrong usage.\n");
        if (command.parent() != null) {
            macro(page, "SH", "SEE ALSO");
            page.append(".BR ").append(quoted(name(command.parent()))).append(" (1)\n");
        }
        return page.toString();
    }

    private static void synopsis(StringBuilder page, CommandSpec command) {
        page.append(".B ").append(quoted(command.qualifiedName())).append('\n');
        String rest = command.options().stream().anyMatch(o -> !o.hidden()) ? "[OPTION]..." : "";
        String parameters =
                command.positionalParameters().stream().map(ManPages::synopsis).collect(Collectors.joining(" "));
        String all = (rest + " " + parameters + (command.subcommands().isEmpty() ? "" : " COMMAND")).strip();
        page.append(all.isEmpty() ? "" : text(all));
    }

    private static String synopsis(PositionalParamSpec parameter) {
        String several = parameter.arity().isVariable() || parameter.index().isVariable() ? "..." : "";
        String label = parameter.paramLabel() + several;
        return parameter.required() ? label : "[" + label + "]";
    }

    private static void parameters(StringBuilder page, CommandSpec command) {
        if (!command.positionalParameters().isEmpty()) {
            macro(page, "SH", "PARAMETERS");
        }
        for (PositionalParamSpec parameter : command.positionalParameters()) {
            page.append(".TP\n.I ").append(quoted(parameter.paramLabel())).append('\n');
            item(page, parameter.description(), parameter.defaultValueString());
        }
    }

    private static void options(StringBuilder page, CommandSpec command) {
        if (command.options().stream().anyMatch(o -> !o.hidden())) {
            macro(page, "SH", "OPTIONS");
        }
        for (OptionSpec option : command.options()) {
            if (!option.hidden()) {
                String label = option.arity().max() == 0 ? "" : "=" + option.paramLabel();
                page.append(".TP\n.B ")
                        .append(quoted(String.join(", ", option.names()) + label))
                        .append('\n');
                item(page, option.description(), option.defaultValueString());
            }
        }
    }

    private static void subcommands(StringBuilder page, CommandSpec command) {
        if (!command.subcommands().isEmpty()) {
            macro(page, "SH", "COMMANDS");
        }
        command.subcommands().forEach((_, sub) -> {
            CommandSpec spec = sub.getCommandSpec();
            String[] description = spec.usageMessage().description();
            page.append(".TP\n.BR ").append(quoted(name(spec))).append(" (1)\n");
            page.append(text(description.length == 0 ? spec.name() : description[0]));
        });
    }

    private static void item(StringBuilder page, String[] description, String defaultValue) {
        String all = String.join(" ", description).replace("${DEFAULT-VALUE}", String.valueOf(defaultValue));
        page.append(text(all.isBlank() ? "..." : all));
    }

    private static void paragraphs(StringBuilder page, List<String> lines) {
        boolean begun = false;
        for (String line : lines) {
            page.append(begun ? ".br\n" : "").append(text(line));
            begun = true;
        }
    }

    private static void macro(StringBuilder page, String macro, String... arguments) {
        page.append('.').append(macro);
        for (String argument : arguments) {
            page.append(' ').append(quoted(argument));
        }
        page.append('\n');
    }

    private static String quoted(String argument) {
        return '"' + plain(argument).replace("\"", "\\(dq") + '"';
    }

    /** Backslashes and hyphens mean something in roff. */
    private static String plain(String text) {
        return text.replace("\\", "\\e").replace("-", "\\-");
    }

    /** A line that begins like a request is none. */
    private static String text(String line) {
        String plain = plain(line.strip());
        return (plain.startsWith(".") || plain.startsWith("'") ? "\\&" : "") + plain + "\n";
    }
}
