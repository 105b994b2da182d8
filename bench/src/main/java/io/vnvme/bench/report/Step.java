package io.vnvme.bench.report;

import io.avaje.jsonb.Json;

/**
 * One step of the demo.
 *
 * @param detail what came of it, one line
 */
@Json
public record Step(String name, double seconds, boolean ok, String detail) {}
