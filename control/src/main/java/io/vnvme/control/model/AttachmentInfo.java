package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * Where a vNVMe is plugged in.
 *
 * @param vm the VM's name, or its QMP path when it has none
 * @param qmp path of the VM's QMP socket
 * @param deviceId QEMU's id of the PCI device
 * @param since when it was attached, RFC 3339
 * @param guestReady true when the guest's driver has enabled the controller
 */
@Json
public record AttachmentInfo(String vm, String qmp, String deviceId, String since, boolean guestReady) {}
