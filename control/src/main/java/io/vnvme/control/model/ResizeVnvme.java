package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * Asks for another size.
 *
 * @param sizeBytes the new capacity in bytes, a multiple of 4096
 * @param shrink also make it smaller, when nothing is written beyond the new end
 */
@Json
public record ResizeVnvme(long sizeBytes, boolean shrink) {}
