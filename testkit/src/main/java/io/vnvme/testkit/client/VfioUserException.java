package io.vnvme.testkit.client;

/** The server refused a command, or went away. */
public final class VfioUserException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int errno;

    VfioUserException(String message, int errno) {
        super(message);
        this.errno = errno;
    }

    static VfioUserException refused(int command, int errno) {
        return new VfioUserException("command %d refused: errno %d".formatted(command, errno), errno);
    }

    static VfioUserException gone() {
        return new VfioUserException("the server closed the connection", 0);
    }

    /** What the reply said, 0 when there was none. */
    public int errno() {
        return errno;
    }
}
