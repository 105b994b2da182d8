package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Who is asked for VMs.
 *
 * @param name {@code libvirt}
 * @param uri where it is; absent: it is not asked
 * @param state {@code connected}, {@code unreachable}, {@code missing} (its client is not installed) or {@code off}
 * @param detail why, and what to do; empty when it is connected
 */
@Json
public record HypervisorInfo(String name, @Nullable String uri, String state, String detail) {}
