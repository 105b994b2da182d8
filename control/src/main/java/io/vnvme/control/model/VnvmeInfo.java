package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A virtual NVMe drive.
 *
 * @param name its name
 * @param state {@code idle}, {@code attached} (plugged in by {@code attach}), {@code connected} (a client came by itself) or
 *     {@code unavailable} (see warnings)
 * @param sizeBytes capacity in bytes
 * @param blockSizeBytes logical block size in bytes
 * @param drive the drive it lies on
 * @param offsetBytes where on that drive it begins, in bytes
 * @param interrupts {@code msi-x} or {@code msi}
 * @param socket the vfio-user socket it is served on; its folder is what polled clients take as traddr
 * @param qemuDevice what follows QEMU's {@code -device} to have it from the VM's start
 * @param nqn NVMe Qualified Name of its subsystem
 * @param serial serial number
 * @param nsid namespace identifier
 * @param uuid namespace UUID
 * @param nguid namespace NGUID, 32 hexadecimal digits
 * @param eui64 namespace EUI64, 16 hexadecimal digits
 * @param createdAt when it was created, RFC 3339
 * @param attachment where it is plugged in; absent when it is not
 * @param connections who is connected to its socket
 * @param warnings what needs attention
 */
@Json
public record VnvmeInfo(
        String name,
        String state,
        long sizeBytes,
        int blockSizeBytes,
        String drive,
        long offsetBytes,
        String interrupts,
        String socket,
        String qemuDevice,
        String nqn,
        String serial,
        int nsid,
        String uuid,
        String nguid,
        String eui64,
        String createdAt,
        @Nullable AttachmentInfo attachment,
        List<ConnectionInfo> connections,
        List<String> warnings) {}
