package io.vnvme.drive.nvmetcp;

import io.vnvme.fabrics.tls.TlsContext;
import io.vnvme.fabrics.tls.TlsKey;
import io.vnvme.fabrics.tls.TlsPsk;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Under which identity a path comes by TLS. A key has several, since what many targets derive from it is not what the standard
 * says: when one is refused the next connection has the next.
 */
final class TlsChoice {
    private final RemoteNamespace namespace;
    private @Nullable TlsKey key;
    private List<TlsPsk> identities = List.of();
    private @Nullable TlsContext context;
    private int index;
    /** One after the other. */
    private int refusals;

    TlsChoice(RemoteNamespace namespace) {
        this.namespace = namespace;
    }

    /**
     * For the next connections with this key.
     *
     * @throws io.vnvme.crypto.CryptoException when OpenSSL is not on this host
     */
    TlsContext context(TlsKey wanted) {
        if (wanted != key) {
            close();
            key = wanted;
            identities = wanted.psks(namespace.host().nqn(), namespace.nqn());
            index = 0;
            refusals = 0;
        }
        TlsContext current = context;
        if (current == null) {
            current = TlsContext.client(identities.get(index));
            context = current;
        }
        return current;
    }

    /** The target has taken it. */
    void accepted() {
        refusals = 0;
    }

    /** The target has not. */
    void refused() {
        close();
        index = (index + 1) % identities.size();
        refusals++;
    }

    /** Whether one was refused, and another has yet to be tried. */
    boolean another() {
        return refusals > 0 && refusals < identities.size();
    }

    /** Connections that there are stay. */
    void close() {
        TlsContext made = context;
        context = null;
        if (made != null) {
            made.close();
        }
    }
}
