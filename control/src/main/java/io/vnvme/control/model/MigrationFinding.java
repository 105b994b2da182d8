package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * Something that was looked at before a VM migrates.
 *
 * @param what {@code peer}, {@code QEMU here}, {@code QEMU there} ...
 * @param ok whether it is as it has to be
 * @param detail what was found; or what is wrong, and what to do
 */
@Json
public record MigrationFinding(String what, boolean ok, String detail) {}
