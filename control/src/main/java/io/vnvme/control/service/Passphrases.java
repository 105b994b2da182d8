package io.vnvme.control.service;

import io.vnvme.crypto.Argon2Cost;
import io.vnvme.crypto.Argon2id;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/** Argon2id by Bouncy Castle, in a class of its own so that a daemon without encrypted volumes never loads that. */
final class Passphrases {
    static final Argon2id ARGON2 = Passphrases::derive;

    private Passphrases() {}

    private static byte[] derive(byte[] passphrase, byte[] salt, Argon2Cost cost, int lengthBytes) {
        Argon2BytesGenerator generator = new Argon2BytesGenerator();
        generator.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
                .withVersion(Argon2Parameters.ARGON2_VERSION_13)
                .withIterations(cost.iterations())
                .withMemoryAsKB(cost.memoryKib())
                .withParallelism(cost.lanes())
                .withSalt(salt)
                .build());
        byte[] key = new byte[lengthBytes];
        generator.generateBytes(passphrase, key);
        return key;
    }
}
