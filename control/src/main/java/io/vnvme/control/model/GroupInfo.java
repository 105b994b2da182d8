package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * A group of vNVMes: a tenant.
 *
 * @param name its name
 * @param limits of all its members together
 * @param members the vNVMes in it, in the order of creation
 */
@Json
public record GroupInfo(String name, QosLimits limits, List<String> members) {}
