package io.vnvme.control.store;

import io.avaje.jsonb.Json;

/**
 * What a vNVMe demands of its hosts.
 *
 * @param subsystem NQN of the vNVMe
 * @param demand by which hosts have to show who they are
 */
@Json
public record HostDemand(String subsystem, String demand) {}
