package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Another daemon, as this one finds it now.
 *
 * @param name by which it is called here
 * @param address {@code HOST:PORT} of its API over TLS
 * @param fingerprint SHA-256 of the certificate it is known by
 * @param state {@code reachable}; {@code unreachable}: no answer, or none that makes sense; {@code refused}: it does not let this
 *     daemon in, or not to what is needed; {@code untrusted}: another certificate is shown there
 * @param version of its program; absent unless it is reachable
 * @param detail who this daemon is there, or what is wrong
 */
@Json
public record PeerInfo(
        String name,
        String address,
        String fingerprint,
        String state,
        @Nullable String version,
        String detail) {}
