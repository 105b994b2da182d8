package io.vnvme.fabrics.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.HexFormat;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;

/** Responses as Python's hmac computes them by the formulas of the specification. */
class PartiesTest {
    private static final Parties PARTIES = new Parties(
            "nqn.2014-08.org.nvmexpress:uuid:6f1f5f5e-0000-4000-8000-000000000001", "nqn.2026-01.io.vnvme:test");

    private static byte[] counted(int from, int to) {
        byte[] bytes = new byte[to - from];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (from + i);
        }
        return bytes;
    }

    private static ChapKey key(int hash) {
        CRC32 crc = new CRC32();
        crc.update(counted(0, 32));
        byte[] with = ByteBuffer.allocate(36)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(counted(0, 32))
                .putInt((int) crc.getValue())
                .array();
        return ChapKey.parse(
                "DHHC-1:0%d:%s:".formatted(hash, Base64.getEncoder().encodeToString(with)));
    }

    @Test
    void aHostsResponseWithAGroupAndATransformedKey() {
        byte[] response =
                PARTIES.hostResponse(key(1), DhHash.SHA_384, counted(100, 148), counted(0, 256), 0x01020304, 0xabcd);
        assertThat(HexFormat.of().formatHex(response))
                .isEqualTo("03812372186d2755d96d09519727af4bf4d2bab205e1a6d9fd89725c44f94234"
                        + "92f2fc13c0517e4b91027087d7e0cb0c");
    }

    @Test
    void aControllersResponseWithoutGroup() {
        byte[] response = PARTIES.controllerResponse(key(0), DhHash.SHA_256, counted(100, 132), new byte[0], 7, 1);
        assertThat(HexFormat.of().formatHex(response))
                .isEqualTo("da2bcd559941123064ce39cbdd19c07f5f3b76097c9b649ac1a15f2e096547ba");
    }
}
