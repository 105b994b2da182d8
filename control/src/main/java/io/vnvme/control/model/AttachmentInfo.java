package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Where a vNVMe is plugged in.
 *
 * @param vm the VM's name
 * @param qmp path of the VM's QMP socket; absent: it was attached through libvirt
 * @param deviceId QEMU's id of the PCI device
 * @param since when it was attached, RFC 3339
 * @param guestReady true when the guest's driver has enabled the controller
 */
@Json
public record AttachmentInfo(String vm, @Nullable String qmp, String deviceId, String since, boolean guestReady) {}
