package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * What has become of a QEMU that waited for a VM.
 *
 * @param ended nothing of the VM is here any more
 * @param mayRun it may run here: it must not go on where it was
 * @param detail why it has not ended; empty: it has
 */
@Json
public record ArrivalEnd(boolean ended, boolean mayRun, String detail) {}
