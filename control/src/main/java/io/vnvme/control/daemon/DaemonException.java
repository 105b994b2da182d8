package io.vnvme.control.daemon;

/** The daemon cannot start; the message is one line for the administrator. */
public final class DaemonException extends RuntimeException {
    private static final long serialVersionUID = 1;

    DaemonException(String message) {
        super(message);
    }

    DaemonException(String message, Throwable cause) {
        super(message, cause);
    }
}
