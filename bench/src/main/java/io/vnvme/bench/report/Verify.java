package io.vnvme.bench.report;

import io.avaje.jsonb.Json;

/**
 * A pattern written in one VM and read back in another.
 *
 * @param bytes how much was written
 * @param written SHA-256 of what the first VM wrote
 * @param read SHA-256 of what the second VM read
 */
@Json
public record Verify(boolean ok, long bytes, String written, String read) {}
