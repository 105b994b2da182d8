package io.vnvme.control.api;

import io.helidon.common.buffers.BufferData;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.util.Set;

/** Takes connections: HTTP/1.1 without any upgrade, with bounds on what comes before a body. */
final class Connections implements ServerConnectionSelector {
    private static final int PROLOGUE_SIZE_MAX = 4096;
    private static final int HEADERS_SIZE_MAX = 16 << 10;

    private final boolean local;
    private final Http1ConnectionSelector http = Http1ConnectionSelector.builder()
            .config(Http1Config.builder()
                    .maxPrologueLength(PROLOGUE_SIZE_MAX)
                    .maxHeadersSize(HEADERS_SIZE_MAX)
                    .build())
            .build();

    /** @param local they come over a Unix socket */
    Connections(boolean local) {
        this.local = local;
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
        ServerConnection connection = http.connection(context);
        return local ? LocalPeer.of(connection, context.serverSocket()) : connection;
    }
}
