package io.vnvme.control.cli;

/** A command failed; the message is the one line that is printed, and the exit status is 1. */
public class CliException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public CliException(String message) {
        super(message);
    }

    public CliException(String message, Throwable cause) {
        super(message, cause);
    }
}
