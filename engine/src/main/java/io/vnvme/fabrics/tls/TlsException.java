package io.vnvme.fabrics.tls;

/** TLS that does not come about, and why. */
public final class TlsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    TlsException(String why) {
        super(why, null, false, false);
    }
}
