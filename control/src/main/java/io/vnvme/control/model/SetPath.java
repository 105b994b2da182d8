package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Changes the state of a path.
 *
 * @param path {@code pci}, or the port ADDRESS:PORT
 * @param state its ANA state: {@code optimized}, {@code non-optimized}, {@code inaccessible}, {@code persistent-loss} or
 *     {@code change}
 */
@Json
public record SetPath(@Nullable String path, @Nullable String state) {}
