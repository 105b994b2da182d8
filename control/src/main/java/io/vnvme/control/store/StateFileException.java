package io.vnvme.control.store;

/** The state file could not be read or written; the file is as it was. */
public final class StateFileException extends RuntimeException {
    private static final long serialVersionUID = 1;

    StateFileException(String message) {
        super(message);
    }

    StateFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
