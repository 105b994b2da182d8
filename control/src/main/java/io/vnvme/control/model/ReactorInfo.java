package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * A thread that serves I/O.
 *
 * @param name its name
 * @param cpu the processor it is pinned to; -1: none
 */
@Json
public record ReactorInfo(String name, int cpu) {}
