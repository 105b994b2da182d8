package io.vnvme.crypto;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;

/** Whether this host can encrypt: OpenSSL 3's library is found when it is first needed, not demanded at the start. */
public final class CryptoLibrary {
    private static final String NAME = "libcrypto.so.3";

    private CryptoLibrary() {}

    /**
     * To be called before anything else of this package is used.
     *
     * @throws CryptoException with what is missing and what to do about it
     */
    public static void require() {
        find();
    }

    static SymbolLookup find() {
        return find(NAME);
    }

    /**
     * A library of OpenSSL 3.
     *
     * @throws CryptoException with what is missing and what to do about it
     */
    public static SymbolLookup find(String library) {
        try {
            // A library that is loaded already is only counted once more.
            return SymbolLookup.libraryLookup(library, Arena.global());
        } catch (IllegalArgumentException e) {
            throw new CryptoException(
                    "encryption needs %s, which is not on this host: install OpenSSL 3 (Debian: libssl3)"
                            .formatted(library),
                    e);
        } catch (IllegalCallerException e) {
            throw new CryptoException("native access is off: start java with --enable-native-access=ALL-UNNAMED", e);
        }
    }
}
