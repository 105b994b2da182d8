package io.vnvme.frontend.vfiouser;

/** The client broke the protocol so that nothing it sends can be understood any more: its connection ends. */
final class ConnectionException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ConnectionException(String message) {
        super(message, null, false, false);
    }
}
