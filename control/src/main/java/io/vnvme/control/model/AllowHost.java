package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Lets a host connect over TCP.
 *
 * @param nqn its NVMe Qualified Name: what the host has in /etc/nvme/hostnqn
 */
@Json
public record AllowHost(@Nullable String nqn) {}
