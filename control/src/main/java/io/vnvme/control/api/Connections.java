package io.vnvme.control.api;

import io.helidon.common.buffers.BufferData;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Takes connections: HTTP/1.1 without any upgrade, with bounds on what comes before a body, and on how long a request may be
 * on its way.
 */
final class Connections implements ServerConnectionSelector, AutoCloseable {
    /** From the connection, or the answer before, to the last byte of a request. */
    static final Duration REQUEST_WAIT = Duration.ofSeconds(60);

    private static final int LOOKS = 10;
    private static final int PROLOGUE_SIZE_MAX = 4096;
    private static final int HEADERS_SIZE_MAX = 16 << 10;

    private final boolean local;
    private final Duration wait;
    private final Set<HttpConnection> open = ConcurrentHashMap.newKeySet();
    private final Thread watch;
    private final Http1ConnectionSelector http = Http1ConnectionSelector.builder()
            .config(Http1Config.builder()
                    .maxPrologueLength(PROLOGUE_SIZE_MAX)
                    .maxHeadersSize(HEADERS_SIZE_MAX)
                    .build())
            .build();

    /**
     * @param local they come over a Unix socket
     * @param wait how long a request may be on its way
     */
    Connections(boolean local, Duration wait) {
        this.local = local;
        this.wait = wait;
        this.watch = Thread.ofVirtual().name("connection watch").start(this::watch);
    }

    private void watch() {
        try {
            while (true) {
                Thread.sleep(wait.dividedBy(LOOKS));
                open.stream().filter(c -> c.late(wait)).forEach(c -> c.close(true));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public int bytesToIdentifyConnection() {
        return http.bytesToIdentifyConnection();
    }

    @Override
    public Support supports(BufferData data) {
        return http.supports(data);
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
        return http.supportedApplicationProtocols();
    }

    @Override
    public ServerConnection connection(ConnectionContext context) {
        HttpConnection connection = new HttpConnection(
                http.connection(context), local ? LocalPeer.userAt(context.serverSocket()) : LocalPeer.UNKNOWN, this);
        open.add(connection);
        return connection;
    }

    void ended(HttpConnection connection) {
        open.remove(connection);
    }

    @Override
    public void close() {
        watch.interrupt();
    }
}
