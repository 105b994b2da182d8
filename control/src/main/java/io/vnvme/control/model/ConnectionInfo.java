package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * A client of a vNVMe's socket, or a host over TCP.
 *
 * @param pid process id of the client; 0 of a host over TCP
 * @param controllerId NVMe controller identifier given to it
 * @param ready true when the controller is enabled and ready
 * @param parked true when no namespace is attached to its controller
 * @param vm name of the VM that the client says it is; absent: it says none
 * @param host NQN of a host over TCP; absent: it is a client of the socket
 */
@Json
public record ConnectionInfo(
        long pid,
        int controllerId,
        boolean ready,
        boolean parked,
        @Nullable String vm,
        @Nullable String host) {}
