package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * What a discovery controller told.
 *
 * @param address who was asked
 * @param hostNqn who this daemon is to targets: they list what they allow it
 * @param subsystems what is there
 */
@Json
public record DiscoveryInfo(String address, String hostNqn, List<DiscoveredInfo> subsystems) {}
