package io.vnvme.fabrics.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DhGroupTest {
    /** SHA-256 of the moduli in hexadecimal digits, as OpenSSL 3.0's {@code DH_new_by_nid} has them. */
    @ParameterizedTest
    @CsvSource({
        "FFDHE2048, b9fd49b47ad1363ebf1681ab8a5b6c3bb0be15897d0d94aff227ee91b867ab8a",
        "FFDHE3072, c5288e890a7a8da070e69a9d23fa0e264aeddfaa05e267fbd038c4be1210d6a2",
        "FFDHE4096, 3cb2119eb37a64531e61b96555689035640b6d80145f303d321c1a58ce15e936",
        "FFDHE6144, 0d49e72527f7d91e8a357aa015594fe4f801c88a9123738af0e2ec4a0ad04a8b",
        "FFDHE8192, 461db4b7734852427de4b4289cebd2feb853fa474ea72f9faf84a17fb05e3f0b"
    })
    void theModulusIsThatOfOpenSsl(DhGroup group, String expected) {
        byte[] digits = group.parameters().getP().toString(16).getBytes(StandardCharsets.US_ASCII);
        assertThat(HexFormat.of().formatHex(DhHash.SHA_256.digest(digits))).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NULL")
    void bothEndsHaveOneSecret(DhGroup group) {
        DhExchange one = DhExchange.begin(group);
        DhExchange other = DhExchange.begin(group);
        assertThat(one.publicValue()).hasSize(group.bytes()).isNotEqualTo(other.publicValue());
        assertThat(one.secret(other.publicValue())).hasSize(group.bytes()).isEqualTo(other.secret(one.publicValue()));
    }

    @Test
    void valuesThatGiveTheSecretAwayAreRefused() {
        DhExchange exchange = DhExchange.begin(DhGroup.FFDHE2048);
        BigInteger p = DhGroup.FFDHE2048.parameters().getP();
        for (BigInteger value :
                new BigInteger[] {BigInteger.ZERO, BigInteger.ONE, p.subtract(BigInteger.ONE), p, p.add(BigInteger.ONE)
                }) {
            byte[] bytes = new byte[256];
            byte[] magnitude = value.toByteArray();
            int length = Math.min(256, magnitude.length);
            System.arraycopy(magnitude, magnitude.length - length, bytes, 256 - length, length);
            assertThatThrownBy(() -> exchange.secret(bytes)).isInstanceOf(AuthException.class);
        }
        assertThatThrownBy(() -> exchange.secret(new byte[] {5})).isInstanceOf(AuthException.class);
    }
}
