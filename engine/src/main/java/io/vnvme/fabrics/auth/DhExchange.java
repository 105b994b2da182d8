package io.vnvme.fabrics.auth;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import javax.crypto.KeyAgreement;
import javax.crypto.interfaces.DHPublicKey;
import javax.crypto.spec.DHParameterSpec;
import javax.crypto.spec.DHPublicKeySpec;

/** One end of a Diffie-Hellman exchange, with a private key of its own. Up to some 100 ms of computing: not for reactors. */
final class DhExchange {
    private static final String ALGORITHM = "DH";

    private final DhGroup group;
    private final KeyPair pair;

    private DhExchange(DhGroup group, KeyPair pair) {
        this.group = group;
        this.pair = pair;
    }

    static DhExchange begin(DhGroup group) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(ALGORITHM);
            generator.initialize(group.parameters());
            return new DhExchange(group, generator.generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As long as the group's modulus, big endian. */
    byte[] publicValue() {
        return fixed(((DHPublicKey) pair.getPublic()).getY());
    }

    private byte[] fixed(BigInteger value) {
        byte[] magnitude = value.toByteArray();
        byte[] out = new byte[group.bytes()];
        int length = Math.min(magnitude.length, out.length);
        System.arraycopy(magnitude, magnitude.length - length, out, out.length - length, length);
        return out;
    }

    /**
     * The secret that both ends have, as long as the modulus.
     *
     * @throws AuthException when the peer's value is one that has the secret known to anybody
     */
    byte[] secret(byte[] peerValue) {
        DHParameterSpec parameters = group.parameters();
        BigInteger peer = new BigInteger(1, peerValue);
        BigInteger most = parameters.getP().subtract(BigInteger.TWO);
        if (peerValue.length != group.bytes() || peer.compareTo(BigInteger.TWO) < 0 || peer.compareTo(most) > 0) {
            throw new AuthException(FailureReason.INCORRECT_PAYLOAD, "a DH value that none may be");
        }
        try {
            KeyAgreement agreement = KeyAgreement.getInstance(ALGORITHM);
            agreement.init(pair.getPrivate());
            agreement.doPhase(
                    KeyFactory.getInstance(ALGORITHM)
                            .generatePublic(new DHPublicKeySpec(peer, parameters.getP(), parameters.getG())),
                    true);
            return agreement.generateSecret();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
