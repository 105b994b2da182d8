package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * A VM that has come is to go on.
 *
 * @param qmp path of its QMP socket
 */
@Json
public record ContinueArrival(String qmp) {}
