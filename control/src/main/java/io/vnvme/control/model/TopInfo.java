package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * What the daemon does, over an interval.
 *
 * @param at the interval's end, RFC 3339
 * @param seconds its length
 * @param reactors the threads that serve I/O
 * @param vnvmes all that are served, in the order of creation
 */
@Json
public record TopInfo(String at, double seconds, List<ReactorLoad> reactors, List<VnvmeLoad> vnvmes) {}
