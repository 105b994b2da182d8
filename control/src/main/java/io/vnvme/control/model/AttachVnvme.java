package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a vNVMe to be plugged into a running VM.
 *
 * @param qmp path of the VM's QMP socket on the daemon's host
 * @param forceSlow attach even when the VM's memory is not shared, so that every byte goes through messages
 * @param waitMs how long to wait for the guest to start the drive, in milliseconds; absent: 10000
 */
@Json
public record AttachVnvme(
        @Nullable String qmp, boolean forceSlow, @Nullable Integer waitMs) {}
