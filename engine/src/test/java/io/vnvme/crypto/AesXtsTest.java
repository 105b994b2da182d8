package io.vnvme.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AesXtsTest {
    private static final String KEY = "2718281828459045235360287471352662497757247093699959574966967627"
            + "3141592653589793238462643383279502884197169399375105820974944592";

    /** IEEE 1619-2007, annex B, vector 10: data unit ffh. */
    private static final String VECTOR_10 = """
            1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b5d31e276f8fe4a8d66b317f9ac683f44\
            680a86ac35adfc3345befecb4bb188fd5776926c49a3095eb108fd1098baec70aaa66999a72a82f27d848b21d4a741b0\
            c5cd4d5fff9dac89aeba122961d03a757123e9870f8acf1000020887891429ca2a3e7a7d7df7b10355165c8b9a6d0a7d\
            e8b062c4500dc4cd120c0f7418dae3d0b5781c34803fa75421c790dfe1de1834f280d7667b327f6c8cd7557e12ac3a0f\
            93ec05c52e0493ef31a12d3d9260f79a289d6a379bc70c50841473d1a8cc81ec583e9645e07b8d9670655ba5bbcfecc6\
            dc3966380ad8fecb17b6ba02469a020a84e18e8f84252070c13e9f1f289be54fbc481457778f616015e1327a02b140f1\
            505eb309326d68378f8374595c849d84f4c333ec4423885143cb47bd71c5edae9be69a2ffeceb1bec9de244fbe15992b\
            11b77c040f12bd8f6a975a44a0f90c29a9abc3d4d893927284c58754cce294529f8614dcd2aba991925fedc4ae74ffac\
            6e333b93eb4aff0479da9a410e4450e0dd7ae4c6e2910900575da401fc07059f645e8b7e9bfdef33943054ff84011493\
            c27b3429eaedb4ed5376441a77ed43851ad77f16f541dfd269d50d6a5f14fb0aab1cbb4c1550be97f7ab4066193c4caa\
            773dad38014bd2092fa755c824bb5e54c4f36ffda9fcea70b9c6e693e148c151""";

    /** The first 16 bytes of vectors 11 to 14: the same text, other data units. */
    private static final Map<Long, String> VECTORS = Map.of(
            0xffffL, "77a31251618a15e6b92d1d66dffe7b50",
            0xffffffL, "e387aaa58ba483afa7e8eb469778317e",
            0xffffffffL, "bf53d2dade78e822a4d949a9bc6766b0",
            0xffffffffffL, "64497e5a831e4a932c09be3e5393376d");

    private final Arena arena = Arena.ofAuto();

    private static VolumeKey key() {
        return VolumeKey.of(HexFormat.of().parseHex(KEY));
    }

    private MemorySegment text(int bytes) {
        MemorySegment text = arena.allocate(bytes);
        for (int i = 0; i < bytes; i++) {
            text.set(ValueLayout.JAVA_BYTE, i, (byte) i);
        }
        return text;
    }

    private static String hex(MemorySegment segment) {
        return HexFormat.of().formatHex(segment.toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    void knownAnswers() {
        MemorySegment text = text(512);
        MemorySegment encrypted = arena.allocate(512);
        try (VolumeKey key = key();
                AesXts xts = new AesXts(key, 512)) {
            xts.encrypt(text, 0, encrypted, 0, 512, 0xff);
            assertThat(hex(encrypted)).isEqualTo(VECTOR_10);
            xts.decrypt(encrypted, 0, encrypted, 0, 512, 0xff);
            assertThat(encrypted.mismatch(text)).isEqualTo(-1);
            VECTORS.forEach((unit, start) -> {
                xts.encrypt(text, 0, encrypted, 0, 512, unit);
                assertThat(hex(encrypted.asSlice(0, 16))).as("unit %x", unit).isEqualTo(start);
            });
        }
    }

    @Test
    void aRangeIsItsUnitsOneByOne() {
        for (int unit : new int[] {512, 4096}) {
            MemorySegment text = text(8 * unit);
            MemorySegment whole = arena.allocate(8L * unit);
            MemorySegment single = arena.allocate(8L * unit);
            try (VolumeKey key = VolumeKey.random(new SecureRandom());
                    AesXts xts = new AesXts(key, unit);
                    AesXts other = new AesXts(key, unit)) {
                xts.encrypt(text, 0, whole, 0, 8L * unit, 77);
                for (int i = 7; i >= 0; i--) {
                    other.encrypt(text, (long) i * unit, single, (long) i * unit, unit, 77 + i);
                }
                assertThat(whole.mismatch(single)).isEqualTo(-1);
                assertThat(hex(whole.asSlice(0, 64))).isNotEqualTo(hex(whole.asSlice(unit, 64)));
                other.decrypt(whole, 0, whole, 0, 8L * unit, 77);
                assertThat(whole.mismatch(text)).isEqualTo(-1);
            }
        }
    }

    @Test
    void refusesEqualHalvesAndForgetsClosedKeys() {
        assertThatThrownBy(() -> VolumeKey.of(new byte[64])).hasMessageContaining("halves");
        assertThatThrownBy(() -> VolumeKey.of(new byte[32])).hasMessageContaining("64");
        VolumeKey key = key();
        byte[] given = HexFormat.of().parseHex(KEY);
        VolumeKey.of(given).close();
        assertThat(given).containsOnly(0);
        key.close();
        key.close();
        assertThatThrownBy(key::bytes).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> new AesXts(key, 4096)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesWhatIsOutsideOrNoUnit() {
        MemorySegment text = text(8192);
        try (VolumeKey key = key()) {
            AesXts xts = new AesXts(key, 4096);
            assertThatThrownBy(() -> xts.encrypt(text, 4097, text, 0, 4096, 0))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> xts.encrypt(text, 0, text, 0, 512, 0))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> xts.encrypt(MemorySegment.ofArray(new byte[4096]), 0, text, 0, 4096, 0))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> new AesXts(key, 1024)).isInstanceOf(IllegalArgumentException.class);
            xts.close();
            xts.close();
            assertThatThrownBy(() -> xts.encrypt(text, 0, text, 0, 4096, 0)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aCopyHasTheSameKeyAndOutlivesTheFirst() {
        MemorySegment text = text(4096);
        byte[] plain = text.toArray(ValueLayout.JAVA_BYTE);
        try (VolumeKey key = key()) {
            AesXts first = new AesXts(key, 4096);
            try (AesXts copy = first.copy()) {
                first.encrypt(text, 0, text, 0, 4096, 7);
                first.close();
                copy.decrypt(text, 0, text, 0, 4096, 7);
                assertThat(text.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(plain);
            }
            assertThatThrownBy(first::copy).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void saysWhenTheLibraryIsMissing() {
        CryptoLibrary.require();
        assertThatThrownBy(() -> CryptoLibrary.find("libcrypto.so.none"))
                .isInstanceOf(CryptoException.class)
                .hasMessage("encryption needs libcrypto.so.none, which is not on this host: "
                        + "install OpenSSL 3 (Debian: libssl3)");
    }

    @Test
    void allocatesNothing() {
        MemorySegment text = text(4096);
        try (VolumeKey key = key();
                AesXts xts = new AesXts(key, 4096)) {
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long allocated = 1;
            // Compiling anew in mid-run may put objects back once.
            for (int attempt = 0; attempt < 10 && allocated != 0; attempt++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                long overhead = threads.getCurrentThreadAllocatedBytes() - before;
                before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 50_000; i++) {
                    xts.encrypt(text, 0, text, 0, 4096, i);
                    xts.decrypt(text, 0, text, 0, 4096, i);
                }
                allocated = threads.getCurrentThreadAllocatedBytes() - before - overhead;
            }
            assertThat(allocated).isZero();
        }
    }
}
