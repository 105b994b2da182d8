package io.vnvme.control.auth;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** Trusts one certificate, whatever name it carries and whoever signed it. */
public final class PinnedCertificate extends X509ExtendedTrustManager {
    private final String fingerprint;

    /** Another certificate was shown than the one that is trusted. */
    public static final class OtherCertificateException extends CertificateException {
        private static final long serialVersionUID = 1;

        private final String shown;

        OtherCertificateException(String shown) {
            super("its certificate's fingerprint is " + shown);
            this.shown = shown;
        }

        /** What has made a handshake fail, if it was this. */
        public static Optional<OtherCertificateException> in(Throwable failure) {
            for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
                if (cause instanceof OtherCertificateException other) {
                    return Optional.of(other);
                }
            }
            return Optional.empty();
        }

        /** SHA-256 of the certificate that was shown: pairs of hexadecimal digits with colons; empty: none was. */
        public String shown() {
            return shown;
        }
    }

    /** @param fingerprint SHA-256, with colons or without; one that is none trusts nobody, and so says what is shown */
    public PinnedCertificate(String fingerprint) {
        this.fingerprint = Certificate.plain(fingerprint);
    }

    /** For connections to whoever shows this certificate. */
    public SSLContext context() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {this}, null);
        return context;
    }

    private void check(X509Certificate[] chain) throws CertificateException {
        String shown = chain.length == 0 ? "" : Certificate.fingerprint(chain[0]);
        if (shown.isEmpty() || !Certificate.plain(shown).equals(fingerprint)) {
            throw new OtherCertificateException(shown);
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket) throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine) throws CertificateException {
        check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind) throws CertificateException {
        throw new CertificateException("this is a client");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket) throws CertificateException {
        throw new CertificateException("this is a client");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine) throws CertificateException {
        throw new CertificateException("this is a client");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
