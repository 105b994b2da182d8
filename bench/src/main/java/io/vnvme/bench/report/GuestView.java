package io.vnvme.bench.report;

import io.avaje.jsonb.Json;

/** What the guest's own tools print with the vNVMe plugged in. */
@Json(naming = Json.Naming.LowerUnderscore)
public record GuestView(String kernel, String lspci, String lsblk, String nvmeList) {}
