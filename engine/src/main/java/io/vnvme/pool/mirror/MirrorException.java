package io.vnvme.pool.mirror;

/** A mirror cannot be used as it was found; the message is a line for people. */
public final class MirrorException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String line;

    public MirrorException(String message) {
        super(message);
        line = message;
    }

    /** The message. */
    public String line() {
        return line;
    }
}
