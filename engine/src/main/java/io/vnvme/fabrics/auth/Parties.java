package io.vnvme.fabrics.auth;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Who authenticates to whom, by name, and the responses that either gives (NVM Express Base 2.0, 8.13.5.4 and 8.13.5.5). */
record Parties(String hostNqn, String subsystemNqn) {
    private static final String OF_HOST = "HostHost";
    private static final String OF_CONTROLLER = "Controller";

    /**
     * What a host answers to a challenge.
     *
     * @param secret shared by the DH exchange; empty without one
     */
    byte[] hostResponse(ChapKey key, DhHash hash, byte[] challenge, byte[] secret, int sequence, int transaction) {
        byte[] said = said(sequence, transaction, OF_HOST, hostNqn, subsystemNqn);
        return hash.hmac(key.transformed(hostNqn), augmented(hash, challenge, secret), said);
    }

    /** What a controller answers to the challenge of a host. */
    byte[] controllerResponse(
            ChapKey key, DhHash hash, byte[] challenge, byte[] secret, int sequence, int transaction) {
        byte[] said = said(sequence, transaction, OF_CONTROLLER, subsystemNqn, hostNqn);
        return hash.hmac(key.transformed(subsystemNqn), augmented(hash, challenge, secret), said);
    }

    private static byte[] augmented(DhHash hash, byte[] challenge, byte[] secret) {
        return secret.length == 0 ? challenge : hash.hmac(hash.digest(secret), challenge);
    }

    private static byte[] said(int sequence, int transaction, String role, String one, String other) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        // The last zero: no secure channel is concatenated.
        out.writeBytes(ByteBuffer.allocate(7)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(sequence)
                .putShort((short) transaction)
                .array());
        out.writeBytes(role.getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(one.getBytes(StandardCharsets.US_ASCII));
        out.write(0);
        out.writeBytes(other.getBytes(StandardCharsets.US_ASCII));
        return out.toByteArray();
    }
}
