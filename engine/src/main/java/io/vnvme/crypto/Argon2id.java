package io.vnvme.crypto;

/** Derives keys from passphrases (RFC 9106, version 13h, Argon2id, no secret, no associated data); given by the control plane. */
@FunctionalInterface
public interface Argon2id {
    /**
     * @param passphrase as its bytes are in UTF-8; not changed
     * @return {@code lengthBytes} bytes, which the caller zeroes
     */
    byte[] derive(byte[] passphrase, byte[] salt, Argon2Cost cost, int lengthBytes);
}
