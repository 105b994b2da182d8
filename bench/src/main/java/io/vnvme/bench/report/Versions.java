package io.vnvme.bench.report;

import io.avaje.jsonb.Json;

/**
 * The versions of what took part.
 *
 * @param fio the one inside the guest
 */
@Json(naming = Json.Naming.LowerUnderscore)
public record Versions(String vnvme, String java, String qemu, String qemuStorageDaemon, String fio) {}
