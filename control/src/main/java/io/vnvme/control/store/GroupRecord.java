package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import io.vnvme.control.model.QosLimits;

/**
 * A group of vNVMes.
 *
 * @param name unique among groups
 * @param limits of its members together
 */
@Json
public record GroupRecord(String name, QosLimits limits) {}
