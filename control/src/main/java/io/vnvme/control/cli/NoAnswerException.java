package io.vnvme.control.cli;

/** The daemon may have done what it was asked to, or not. */
final class NoAnswerException extends CliException {
    private static final long serialVersionUID = 1;

    NoAnswerException(String message, Throwable cause) {
        super(message, cause);
    }
}
