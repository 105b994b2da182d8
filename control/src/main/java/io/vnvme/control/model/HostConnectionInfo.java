package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * A controller that a host has over TCP.
 *
 * @param address its address and port
 * @param controllerId NVMe controller identifier
 * @param queues I/O queues that it has connected
 */
@Json
public record HostConnectionInfo(String address, int controllerId, int queues) {}
