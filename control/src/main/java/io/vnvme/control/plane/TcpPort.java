package io.vnvme.control.plane;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/**
 * Where NVMe/TCP hosts are accepted.
 *
 * @param address of this host; port 0 asks for any
 * @param advertised what hosts are told to connect to, where that is another address: behind a translation
 */
public record TcpPort(InetSocketAddress address, Optional<String> advertised) {
    private static final int PORT_MAX = 65535;

    /** As it is written in settings. */
    public String text() {
        return where() + advertised.map("="::concat).orElse("");
    }

    /** The address and the port: what its paths are called. */
    public String where() {
        return where(address);
    }

    static String where(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return "%s:%d".formatted(host.contains(":") ? "[" + host + "]" : host, address.getPort());
    }

    /**
     * ADDRESS:PORT or ADDRESS:PORT=ADVERTISED.
     *
     * @throws IllegalArgumentException when it is neither
     */
    public static TcpPort parse(String text) {
        int equals = text.indexOf('=');
        String where = equals < 0 ? text : text.substring(0, equals);
        Optional<String> told = equals < 0
                ? Optional.empty()
                : Optional.of(text.substring(equals + 1)).filter(s -> !s.isBlank());
        return new TcpPort(address(where), told);
    }

    /** @throws IllegalArgumentException when it is no address with a port */
    public static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        String usage = "'%s' is no address with a port, such as 0.0.0.0:PORT or [::]:PORT".formatted(text);
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            String host = text.substring(0, Math.max(0, colon));
            if (!host.isEmpty() && port >= 0 && port <= PORT_MAX) {
                return new InetSocketAddress(InetAddress.getByName(host), port);
            }
        } catch (NumberFormatException | UnknownHostException e) {
            throw new IllegalArgumentException(usage, e);
        }
        throw new IllegalArgumentException(usage);
    }
}
