package io.vnvme.fabrics.auth;

import java.math.BigInteger;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import javax.crypto.spec.DHParameterSpec;

/** Diffie-Hellman groups by their identifier in messages (NVM Express Base 2.0, 8.13.5.3): none, and those of RFC 7919. */
public enum DhGroup {
    NULL(0, 0, 0, 0),
    FFDHE2048(1, 2048, 560316, 225),
    FFDHE3072(2, 3072, 2625351, 275),
    FFDHE4096(3, 4096, 5736041, 325),
    FFDHE6144(4, 6144, 15705020, 375),
    FFDHE8192(5, 8192, 10965728, 400);

    /** Bits of e that are computed beyond those that count: more than the errors of all terms of its series together. */
    private static final int GUARD_BITS = 64;

    private final int id;
    private final int bits;
    private final long offset;
    private final int exponentBits;

    /**
     * @param offset what makes the modulus the first safe prime at that place (RFC 7919, A.1 to A.5)
     * @param exponentBits of private keys: what RFC 7919 gives as the least
     */
    DhGroup(int id, int bits, long offset, int exponentBits) {
        this.id = id;
        this.bits = bits;
        this.offset = offset;
        this.exponentBits = exponentBits;
    }

    public int id() {
        return id;
    }

    /** Length of public values and of the shared secret. */
    public int bytes() {
        return bits / 8;
    }

    public static Optional<DhGroup> of(int id) {
        for (DhGroup group : values()) {
            if (group.id == id) {
                return Optional.of(group);
            }
        }
        return Optional.empty();
    }

    /** By what people write: {@code null}, {@code ffdhe2048}. */
    public static Optional<DhGroup> named(String text) {
        for (DhGroup group : values()) {
            if (group.toString().equals(text)) {
                return Optional.of(group);
            }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Computed when first used. */
    private static final class Parameters {
        private static final Map<DhGroup, DHParameterSpec> ALL = new EnumMap<>(DhGroup.class);

        static {
            for (DhGroup group : values()) {
                if (group != NULL) {
                    ALL.put(group, new DHParameterSpec(group.modulus(), BigInteger.TWO, group.exponentBits));
                }
            }
        }

        private Parameters() {}
    }

    /** @throws NullPointerException of {@link #NULL} */
    DHParameterSpec parameters() {
        return Objects.requireNonNull(Parameters.ALL.get(this));
    }

    /** p = 2^b - 2^(b-64) + (floor(2^(b-130) e) + offset) 2^64 - 1 (RFC 7919, appendix A). */
    private BigInteger modulus() {
        BigInteger term = BigInteger.ONE.shiftLeft(bits - 130 + GUARD_BITS);
        BigInteger e = term;
        for (long k = 1; term.signum() > 0; k++) {
            term = term.divide(BigInteger.valueOf(k));
            e = e.add(term);
        }
        BigInteger middle = e.shiftRight(GUARD_BITS).add(BigInteger.valueOf(offset));
        return BigInteger.ONE
                .shiftLeft(bits)
                .subtract(BigInteger.ONE.shiftLeft(bits - 64))
                .add(middle.shiftLeft(64))
                .subtract(BigInteger.ONE);
    }
}
