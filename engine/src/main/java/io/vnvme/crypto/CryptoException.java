package io.vnvme.crypto;

/** A key cannot be had or used; the message is a line for people and holds no secret. */
public final class CryptoException extends RuntimeException {
    public CryptoException(String message) {
        super(message);
    }

    public CryptoException(String message, Throwable cause) {
        super(message, cause);
    }
}
