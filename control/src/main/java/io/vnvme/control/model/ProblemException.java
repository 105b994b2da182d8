package io.vnvme.control.model;

/** An operation that was refused or failed, with nothing of it left behind; the message says what is wrong and what to do. */
public final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ProblemCode code;

    /** @param detail one line for the person who asked */
    public ProblemException(ProblemCode code, String detail) {
        super(detail);
        this.code = code;
    }

    /** @param detail one line for the person who asked; the cause goes to the log alone */
    public ProblemException(ProblemCode code, String detail, Throwable cause) {
        super(detail, cause);
        this.code = code;
    }

    public ProblemCode code() {
        return code;
    }

    /** The one line for the person who asked. */
    public String detail() {
        return String.valueOf(getMessage());
    }
}
