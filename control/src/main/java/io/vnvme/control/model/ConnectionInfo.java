package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * A client of a vNVMe's socket.
 *
 * @param pid process id of the client
 * @param controllerId NVMe controller identifier given to it
 * @param ready true when the controller is enabled and ready
 * @param parked true when no namespace is attached to its controller
 */
@Json
public record ConnectionInfo(long pid, int controllerId, boolean ready, boolean parked) {}
