package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * Where a pool is to be served.
 *
 * @param reactor name of a reactor
 */
@Json
public record MovePool(String reactor) {}
