package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * Where a QEMU waits for a VM's memory.
 *
 * @param port TCP, at the address that the daemon is asked at
 */
@Json
public record ArrivalChannel(int port) {}
