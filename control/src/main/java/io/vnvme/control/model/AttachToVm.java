package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a vNVMe to be plugged into a VM.
 *
 * @param vnvme name of the vNVMe
 * @param forceSlow attach even when the VM's memory is not shared, so that every byte goes through messages
 * @param waitMs how long to wait for the guest to start the drive, in milliseconds; absent: 10000
 */
@Json
public record AttachToVm(
        @Nullable String vnvme, boolean forceSlow, @Nullable Integer waitMs) {}
