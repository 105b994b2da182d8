package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * A subsystem that this host may connect to, and where.
 *
 * @param subsystemNqn its name
 * @param kind {@code nvm}; {@code discovery} for another place to ask
 * @param transport {@code tcp}, or what cannot be used here: {@code rdma}, {@code fc}
 * @param address where it is reached
 * @param service the port, of TCP
 * @param spec what to claim its first namespace by; absent when it cannot be
 */
@Json
public record DiscoveredInfo(
        String subsystemNqn,
        String kind,
        String transport,
        String address,
        String service,
        @Nullable String spec) {}
