package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * What a look at a pool that is not in use came to; nothing was changed.
 *
 * @param pool its name
 * @param sound true when nothing is wrong
 * @param findings what is wrong, one line each
 * @param text what was looked at, for people
 */
@Json
public record CheckReport(String pool, boolean sound, List<String> findings, String text) {}
