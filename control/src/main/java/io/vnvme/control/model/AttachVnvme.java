package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a vNVMe to be plugged into a running VM, which either field names.
 *
 * @param vm name of the VM: of a libvirt domain, or one that a drive was attached to by its QMP socket
 * @param qmp path of the VM's QMP socket on the daemon's host
 * @param forceSlow attach even when the VM's memory is not shared, so that every byte goes through messages
 * @param waitMs how long to wait for the guest to start the drive, in milliseconds; absent: 10000
 */
@Json
public record AttachVnvme(
        @Nullable String vm,
        @Nullable String qmp,
        boolean forceSlow,
        @Nullable Integer waitMs) {
    public static AttachVnvme toSocket(String qmp, boolean forceSlow, @Nullable Integer waitMs) {
        return new AttachVnvme(null, qmp, forceSlow, waitMs);
    }

    public static AttachVnvme toVm(String vm, boolean forceSlow, @Nullable Integer waitMs) {
        return new AttachVnvme(vm, null, forceSlow, waitMs);
    }
}
