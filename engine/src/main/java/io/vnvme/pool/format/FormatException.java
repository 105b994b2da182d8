package io.vnvme.pool.format;

/** What lies on a drive is not what belongs there; the message says what is wrong in one line. */
public final class FormatException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public FormatException(String message) {
        super(message);
    }
}
