package io.vnvme.control.model;

/** An operation that was refused or failed, with nothing of it left behind; the message says what is wrong and what to do. */
public final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ProblemCode code;
    private final long retrySeconds;

    /** @param detail one line for the person who asked */
    public ProblemException(ProblemCode code, String detail) {
        this(code, detail, 0);
    }

    /** @param detail one line for the person who asked; the cause goes to the log alone */
    public ProblemException(ProblemCode code, String detail, Throwable cause) {
        super(detail, cause);
        this.code = code;
        this.retrySeconds = 0;
    }

    private ProblemException(ProblemCode code, String detail, long retrySeconds) {
        super(detail);
        this.code = code;
        this.retrySeconds = retrySeconds;
    }

    /** It may go better after a while. */
    public static ProblemException later(ProblemCode code, String detail, long retrySeconds) {
        return new ProblemException(code, detail, retrySeconds);
    }

    /** After how many seconds it may go better; 0: waiting does not help. */
    public long retrySeconds() {
        return retrySeconds;
    }

    public ProblemCode code() {
        return code;
    }

    /** The one line for the person who asked. */
    public String detail() {
        return String.valueOf(getMessage());
    }
}
