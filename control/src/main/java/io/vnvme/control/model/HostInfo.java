package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * A host that may connect to a vNVMe over TCP.
 *
 * @param nqn its NVMe Qualified Name
 * @param connections where it is connected from; none: it is not
 * @param keys which it has: dhchap, controller, tls
 * @param demand how it has to show who it is: none, dhchap, tls or both
 */
@Json
public record HostInfo(String nqn, List<HostConnectionInfo> connections, List<String> keys, String demand) {}
