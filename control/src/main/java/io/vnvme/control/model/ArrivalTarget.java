package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * Where the content of a vNVMe on its way is written to, by NVMe/TCP.
 *
 * @param uuid of the vNVMe
 * @param addresses each {@code HOST:PORT}; an empty HOST is the one that the daemon is asked at
 * @param nqn of the subsystem
 * @param nsid of the namespace
 * @param pool that it lies in
 * @param keys by which both ends know each other, for this alone
 */
@Json
public record ArrivalTarget(String uuid, List<String> addresses, String nqn, int nsid, String pool, SetHostKeys keys) {
    public ArrivalTarget {
        addresses = List.copyOf(addresses);
    }
}
