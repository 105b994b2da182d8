package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * An upgrade that has been prepared.
 *
 * @param version of the daemon that ends
 * @param pid its process id: another one answers when the upgrade is done
 * @param outcome one line for people
 */
@Json
public record UpgradeInfo(String version, long pid, String outcome) {}
