package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * A kind of event, explained.
 *
 * @param id stable name, which events have as their kind
 * @param severity {@code info}, {@code warning} or {@code error}
 * @param happened what has happened
 * @param data what it means for the data
 * @param action what to do
 */
@Json
public record EventKindInfo(String id, String severity, String happened, String data, String action) {}
