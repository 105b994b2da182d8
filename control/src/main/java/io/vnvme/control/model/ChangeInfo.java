package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * That a resource is no longer what it was; it says which, not how: ask for it.
 *
 * @param id counts up, over restarts of the daemon too
 * @param at when it was seen, RFC 3339
 * @param kind {@code drive}, {@code pool}, {@code vnvme}, {@code snapshot}, {@code group}, {@code job}, {@code reactor} or
 *     {@code event}
 * @param name of the resource, as in its path; a job's or an event's number
 * @param what {@code created}, {@code changed} or {@code removed}
 */
@Json
public record ChangeInfo(long id, String at, String kind, String name, String what) {}
