package io.vnvme.control.cli;

import io.vnvme.control.auth.PinnedCertificate;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * To a daemon anywhere, over TLS, with a token. Its certificate is one that this host trusts, for the name that was
 * asked for; or exactly the one whose fingerprint was given.
 */
final class TlsTransport implements Transport {
    private static final int PORT = 8443;
    private static final int TIMEOUT_MS = 10_000;

    private final String name;
    private final int port;
    private final String token;
    private final Optional<String> fingerprint;

    private record Secured(SSLSocket socket) implements Connection {
        @Override
        public OutputStream out() throws IOException {
            return socket.getOutputStream();
        }

        @Override
        public InputStream in() throws IOException {
            return socket.getInputStream();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    /**
     * @param server such as {@code https://host:8443}
     * @param tokenFile holds the token's secret
     * @param fingerprint SHA-256 of the certificate
     */
    TlsTransport(String server, Path tokenFile, Optional<String> fingerprint) {
        URI uri;
        try {
            uri = URI.create(server);
        } catch (IllegalArgumentException e) {
            throw new CliException("--server %s is no address: it is like https://host:8443".formatted(server), e);
        }
        if (!"https".equals(uri.getScheme()) || uri.getHost() == null) {
            throw new CliException("--server %s is no address: it is like https://host:8443".formatted(server));
        }
        this.name = uri.getHost().replaceAll("[\\[\\]]", "");
        this.port = uri.getPort() < 0 ? PORT : uri.getPort();
        this.token = secret(tokenFile);
        this.fingerprint = fingerprint;
    }

    private static String secret(Path file) {
        try {
            String secret = Files.readString(file).strip();
            if (!secret.matches("[A-Za-z0-9_-]{8,200}")) {
                throw new CliException("%s holds no token: put in it what 'vnvme token create' said".formatted(file));
            }
            return secret;
        } catch (IOException e) {
            throw new CliException("token file %s cannot be read: %s".formatted(file, e.getMessage()), e);
        }
    }

    @Override
    public Connection connect() {
        Socket plain = new Socket();
        try {
            plain.connect(new InetSocketAddress(name, port), TIMEOUT_MS);
            SSLSocket socket = (SSLSocket) context().getSocketFactory().createSocket(plain, name, port, true);
            if (fingerprint.isEmpty()) {
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                socket.setSSLParameters(parameters);
            }
            socket.startHandshake();
            return new Secured(socket);
        } catch (SSLHandshakeException e) {
            close(plain, e);
            throw new CliException(
                    fingerprint.isPresent()
                            ? "%s:%d is not the daemon that --fingerprint names (%s)"
                                    .formatted(name, port, e.getMessage())
                            : "the certificate of %s:%d is not trusted (%s): give its fingerprint with --fingerprint; 'vnvme status' on its host says it"
                                    .formatted(name, port, e.getMessage()),
                    e);
        } catch (IOException | GeneralSecurityException e) {
            close(plain, e);
            throw new CliException("no daemon answers at %s:%d (%s)".formatted(name, port, e.getMessage()), e);
        }
    }

    private static void close(Socket socket, Exception reason) {
        try {
            socket.close();
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }

    private SSLContext context() throws GeneralSecurityException {
        if (fingerprint.isPresent()) {
            return new PinnedCertificate(fingerprint.get()).context();
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, null, null);
        return context;
    }

    @Override
    public String host() {
        return "%s:%d".formatted(name.contains(":") ? "[" + name + "]" : name, port);
    }

    @Override
    public String credentials() {
        return "Authorization: Bearer %s\r\n".formatted(token);
    }
}
