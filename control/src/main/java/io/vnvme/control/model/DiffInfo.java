package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * Where two volumes or snapshots may differ.
 *
 * @param from the earlier
 * @param to the later
 * @param sizeBytes size of the later
 * @param changedBytes bytes in all ranges
 * @param ranges in ascending order, not touching
 */
@Json
public record DiffInfo(String from, String to, long sizeBytes, long changedBytes, List<DiffRange> ranges) {}
