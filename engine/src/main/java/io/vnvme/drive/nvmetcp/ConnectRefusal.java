package io.vnvme.drive.nvmetcp;

import io.vnvme.fabrics.tls.TlsException;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Status;

/** Why a target refused Connect, in words (NVM Express Base 2.0, figure 389). */
final class ConnectRefusal {
    static final String NO_TLS_KEY = "it is to be reached by TLS, and there is no TLS key for it here";
    static final String CONCATENATION =
            "the target wants a secure channel made by authentication, which is not served: have it demand a TLS key instead";

    private ConnectRefusal() {}

    static String words(HostQueue.Terms terms, int status, int result) {
        return switch (Status.typeAndCode(status)) {
            case CONNECT_INVALID_HOST ->
                "the target does not allow this host, %s, at %s"
                        .formatted(
                                terms.namespace().host().nqn(),
                                terms.namespace().nqn());
            case CONNECT_CONTROLLER_BUSY ->
                "the target has no controller left for this host, or does not serve %s at this time"
                        .formatted(terms.namespace().nqn());
            case CONNECT_INVALID_PARAMETERS ->
                result == (Fabrics.INVALID_IN_DATA | Fabrics.SUBNQN)
                        ? "the target has no subsystem %s"
                                .formatted(terms.namespace().nqn())
                        : "the target refuses a parameter of Connect, at 0x%x".formatted(result);
            default -> "the target refuses Connect with status 0x%x".formatted(status);
        };
    }

    /** What there is no key for. */
    static String authentication(HostQueue.Terms terms) {
        return "the target wants this host, %s, to authenticate, and there is no DH-HMAC-CHAP key for it here"
                .formatted(terms.namespace().host().nqn());
    }

    /** TLS came to nothing: the target's alert says no more than that. */
    static String tls(HostQueue.Terms terms, TlsException e) {
        return "the target makes no TLS 1.3 with the key here, which has to be the one that it has for %s and %s (%s)"
                .formatted(terms.namespace().host().nqn(), terms.namespace().nqn(), e.getMessage());
    }

    private static final int CONNECT_INVALID_HOST = Status.CONNECT_INVALID_HOST & ~Status.DNR;
    private static final int CONNECT_CONTROLLER_BUSY = Status.CONNECT_CONTROLLER_BUSY & ~Status.DNR;
    private static final int CONNECT_INVALID_PARAMETERS = Status.CONNECT_INVALID_PARAMETERS & ~Status.DNR;
}
