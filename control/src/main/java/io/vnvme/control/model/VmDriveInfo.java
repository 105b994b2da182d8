package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * A vNVMe that a VM has.
 *
 * @param vnvme its name
 * @param deviceId QEMU's id of the PCI device; absent: nobody attached it, the VM has it from its start
 * @param since when it was attached, RFC 3339; absent like that
 * @param guestReady true when the guest's driver has enabled the controller
 */
@Json
public record VmDriveInfo(
        String vnvme, @Nullable String deviceId, @Nullable String since, boolean guestReady) {}
