package io.vnvme.fabrics.auth;

import java.util.Optional;

/**
 * What a controller wants of a host.
 *
 * @param hostKey that the host has to have
 * @param controllerKey by which the controller shows who it is, to hosts that ask
 * @param hash that has to be used; nothing: the first that the host offers
 * @param group that has to be used; nothing: the first that the host offers but none, and none if it offers nothing else
 */
public record ChapTerms(
        ChapKey hostKey, Optional<ChapKey> controllerKey, Optional<DhHash> hash, Optional<DhGroup> group) {
    public ChapTerms(ChapKey hostKey) {
        this(hostKey, Optional.empty(), Optional.empty(), Optional.empty());
    }
}
