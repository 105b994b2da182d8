package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Changes the state of a path of all vNVMes in an ANA group.
 *
 * @param group the ANA group
 * @param path {@code pci}, or the port ADDRESS:PORT
 * @param state its ANA state: {@code optimized}, {@code non-optimized}, {@code inaccessible}, {@code persistent-loss} or
 *     {@code change}
 */
@Json
public record SetGroupPath(
        @Nullable Integer group,
        @Nullable String path,
        @Nullable String state) {}
