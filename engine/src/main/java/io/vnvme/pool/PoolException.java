package io.vnvme.pool;

/** What a pool refused or failed at, with nothing half done; the message says it in one line. */
public final class PoolException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What kind of refusal it is. */
    public enum Reason {
        NO_SUCH_NAME,
        NAME_TAKEN,
        BAD_NAME,
        BAD_SIZE,
        IN_USE,
        NO_SPACE,
        NOT_EMPTY,
        /** The request makes no sense for what it names. */
        UNSUITABLE,
        /** A drive of the pool is not there. */
        DRIVE_MISSING,
        /** What lies on the drives is damaged, or of another version. */
        DAMAGED,
        /** A drive reported an error. */
        DRIVE_FAILED,
        /** Ended before its time because somebody asked. */
        CANCELLED,
        /** The pool has stopped itself, or was closed. */
        STOPPED
    }

    private final Reason reason;

    public PoolException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public PoolException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
