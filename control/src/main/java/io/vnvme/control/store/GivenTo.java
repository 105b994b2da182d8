package io.vnvme.control.store;

import io.avaje.jsonb.Json;

/**
 * To whom a vNVMe was given, and what it takes to find out whether that one has it.
 *
 * @param peer the daemon's name
 * @param arrival what that one calls the VM that it goes with
 * @param vm the VM's name
 * @param qmp path of its QMP socket here
 * @param running whether it ran
 */
@Json
public record GivenTo(String peer, String arrival, String vm, String qmp, boolean running) {}
