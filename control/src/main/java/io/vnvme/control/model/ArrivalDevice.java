package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * A vfio-user device of a VM on its way.
 *
 * @param id QEMU's
 * @param identity vendor and device, as its configuration space begins
 */
@Json
public record ArrivalDevice(String id, int identity) {}
