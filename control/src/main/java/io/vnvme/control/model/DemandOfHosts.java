package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * How hosts have to show who they are.
 *
 * @param demand {@code auto}: a host with a key has to use it; {@code none}: it may; {@code dhchap},
 *     {@code tls}, {@code both}: every host has to authenticate, to come by TLS, or both
 */
@Json
public record DemandOfHosts(@Nullable String demand) {}
