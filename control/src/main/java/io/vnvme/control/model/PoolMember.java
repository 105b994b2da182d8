package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * A drive of a pool.
 *
 * @param drive its name
 * @param set which set it belongs to, from 0; drives of one set hold the same data
 * @param state {@code ok}, {@code rebuilding}, {@code missing} or {@code failed}
 * @param sizeBytes capacity in bytes
 */
@Json
public record PoolMember(String drive, int set, String state, long sizeBytes) {}
