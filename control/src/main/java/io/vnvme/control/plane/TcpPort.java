package io.vnvme.control.plane;

import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * Where NVMe/TCP hosts are accepted.
 *
 * @param address of this host; port 0 asks for any
 * @param advertised what hosts are told to connect to, where that is another address: behind a translation
 */
public record TcpPort(InetSocketAddress address, Optional<String> advertised) {
    /** As it is written in settings. */
    public String text() {
        String host = address.getAddress().getHostAddress();
        String shown = host.contains(":") ? "[" + host + "]" : host;
        return "%s:%d%s"
                .formatted(shown, address.getPort(), advertised.map("="::concat).orElse(""));
    }
}
