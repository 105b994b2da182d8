package io.vnvme.bench.report;

import io.avaje.jsonb.Json;

/** What all this ran on. */
@Json(naming = Json.Naming.LowerUnderscore)
public record Machine(String cpu, int cpus, long memoryMib, String kernel, String system) {}
