package io.vnvme.fabrics.auth;

/** An authentication that fails, with what the other end is told and what people are. */
public final class AuthException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final FailureReason reason;

    AuthException(FailureReason reason, String why) {
        super(why, null, false, false);
        this.reason = reason;
    }

    public FailureReason reason() {
        return reason;
    }
}
