package io.vnvme.control.plane;

import io.vnvme.control.model.SetHostKeys;
import io.vnvme.crypto.CryptoException;
import io.vnvme.drive.nvmetcp.TargetKeys;
import io.vnvme.fabrics.auth.ChapKey;
import io.vnvme.fabrics.auth.HostExchange.Credentials;
import io.vnvme.fabrics.tls.TlsContext;
import io.vnvme.fabrics.tls.TlsKey;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.util.Optional;

/**
 * Keys of one mirror, by which both ends know each other: made for it, in memory at the end that copies, forgotten by the other with the
 * host that they are of.
 */
public final class MirrorKeys {
    private static final Logger LOG = System.getLogger(MirrorKeys.class.getName());

    private MirrorKeys() {}

    /** New ones, as the end that is copied to is told: for TLS, where this host has what that takes, else for DH-HMAC-CHAP. */
    public static SetHostKeys make() {
        return make(tls());
    }

    /**
     * New ones.
     *
     * @param tls for TLS; else for DH-HMAC-CHAP, both ways, and nothing is encrypted
     */
    public static SetHostKeys make(boolean tls) {
        SecureRandom random = new SecureRandom();
        return tls
                ? new SetHostKeys(
                        null, null, null, null, TlsKey.generate(random).secret())
                : new SetHostKeys(chap(random), chap(random), null, null, null);
    }

    private static String chap(SecureRandom random) {
        return ChapKey.generate(Optional.empty(), random).secret();
    }

    private static boolean tls() {
        try {
            TlsContext.requireLibrary();
            return true;
        } catch (CryptoException e) {
            LOG.log(Level.WARNING, "what is copied to another host is not encrypted on its way: {0}", e.getMessage());
            return false;
        }
    }

    /** The same for the end that copies. @throws IllegalArgumentException when one makes no sense, without repeating it */
    public static TargetKeys keys(SetHostKeys made) {
        Optional<ChapKey> host = Optional.ofNullable(made.dhchap()).map(ChapKey::parse);
        Optional<ChapKey> controller = Optional.ofNullable(made.controller()).map(ChapKey::parse);
        return new TargetKeys(
                host.map(key -> new Credentials(key, controller)),
                Optional.ofNullable(made.tls()).map(TlsKey::parse));
    }
}
