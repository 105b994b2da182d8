package io.vnvme.bench.report;

import io.avaje.jsonb.Json;

/**
 * How fast the daemon does what an operator asks.
 *
 * @param daemonStartMs from starting the process to its API answering
 * @param claimMs taking control of a drive, as the daemon timed it
 * @param createMs creating a vNVMe until its socket is ready, as the daemon timed it
 * @param hotPlugMs from the command {@code vnvme attach} to the block device in the running guest
 * @param moveMs from the command {@code vnvme detach} on the first VM to the block device in the second
 */
@Json(naming = Json.Naming.LowerUnderscore)
public record Control(double daemonStartMs, double claimMs, double createMs, double hotPlugMs, double moveMs) {}
