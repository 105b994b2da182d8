package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a group of vNVMes that share limits.
 *
 * @param name its name: 1 to 40 of a-z, 0-9, '.', '_' and '-', the first a letter or digit
 * @param limits of all its members together; absent: none
 */
@Json
public record CreateGroup(@Nullable String name, @Nullable ChangeLimits limits) {}
