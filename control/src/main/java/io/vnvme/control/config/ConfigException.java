package io.vnvme.control.config;

import java.util.List;

/** A configuration file that no daemon can start with. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final List<String> problems;

    ConfigException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    ConfigException(List<String> problems, Throwable cause) {
        super(String.join("\n", problems), cause);
        this.problems = List.copyOf(problems);
    }

    /** A line for each thing that is wrong: file, line and column where known, what to write instead. */
    public List<String> problems() {
        return problems;
    }
}
