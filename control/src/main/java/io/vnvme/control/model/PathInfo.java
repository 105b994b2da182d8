package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * One way to a vNVMe.
 *
 * @param name {@code pci}, or the port ADDRESS:PORT where hosts come
 * @param transport {@code pci} or {@code tcp}
 * @param state its ANA state: {@code optimized}, {@code non-optimized}, {@code inaccessible}, {@code persistent-loss} or
 *     {@code change}
 * @param group the vNVMe's ANA group
 * @param clients controllers that clients have by it
 */
@Json
public record PathInfo(String name, String transport, String state, int group, int clients) {}
