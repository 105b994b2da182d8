package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * Waits until all of a VM's memory is here.
 *
 * @param limitMs at most so long, in milliseconds
 */
@Json
public record AwaitArrival(int limitMs) {}
