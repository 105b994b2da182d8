package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * Bytes that may differ.
 *
 * @param offsetBytes where they begin
 * @param lengthBytes how many
 * @param kind {@code data}, or {@code zero}: reads zeros in the later
 */
@Json
public record DiffRange(long offsetBytes, long lengthBytes, String kind) {}
