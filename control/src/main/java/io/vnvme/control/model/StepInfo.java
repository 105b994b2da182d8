package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * One named step of an operation.
 *
 * @param name what was done
 * @param micros how long it took, in microseconds
 */
@Json
public record StepInfo(String name, long micros) {}
