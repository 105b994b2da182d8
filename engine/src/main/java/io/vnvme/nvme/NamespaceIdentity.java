package io.vnvme.nvme;

import java.util.HexFormat;
import java.util.UUID;

/**
 * The identifiers by which a host recognises a namespace wherever it is attached: unique in the world, kept by a
 * drive that moves, new for a clone.
 *
 * @param uuid namespace UUID (RFC 9562)
 * @param nguid Namespace Globally Unique Identifier, 32 hexadecimal digits
 * @param eui64 IEEE Extended Unique Identifier, 16 hexadecimal digits
 */
public record NamespaceIdentity(UUID uuid, String nguid, String eui64) {
    /** @throws IllegalArgumentException when an identifier has another length or other digits */
    public NamespaceIdentity {
        if (HexFormat.of().parseHex(nguid).length != 16 || HexFormat.of().parseHex(eui64).length != 8) {
            throw new IllegalArgumentException("NGUID %s has 16 bytes, EUI64 %s has 8".formatted(nguid, eui64));
        }
    }

    /**
     * All identifiers derived from one UUID, under locally administered company identifiers, so that two namespaces
     * share none of them unless they share the UUID.
     */
    public static NamespaceIdentity of(UUID uuid) {
        long high = uuid.getMostSignificantBits();
        long low = uuid.getLeastSignificantBits();
        // EUI-64 and NGUID carry a company identifier of 24 bits; 02h marks it as locally administered.
        long eui = 0x02L << 56 | (high ^ low) & 0x00ff_ffff_ffff_ffffL;
        long nguidLow = 0x02L << 56 | low & 0x00ff_ffff_ffff_ffffL;
        return new NamespaceIdentity(uuid, "%016x%016x".formatted(high, nguidLow), "%016x".formatted(eui));
    }

    byte[] nguidBytes() {
        return HexFormat.of().parseHex(nguid);
    }

    byte[] eui64Bytes() {
        return HexFormat.of().parseHex(eui64);
    }
}
