package io.vnvme.pool.mirror;

/** A mirror cannot be used as it was found; the message is a line for people. */
public final class MirrorException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public MirrorException(String message) {
        super(message);
    }
}
