package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How hosts reach a new vNVMe over TCP.
 *
 * @param ports where, each ADDRESS:PORT, at which hosts are accepted from now on; absent or none: wherever the daemon accepts
 *     hosts
 * @param hosts NQNs of those that may connect; absent or none: nobody yet
 */
@Json
public record TcpAccess(
        @Nullable List<String> ports, @Nullable List<String> hosts) {
    public TcpAccess {
        TextList.check("ports", ports);
        TextList.check("hosts", hosts);
    }
}
