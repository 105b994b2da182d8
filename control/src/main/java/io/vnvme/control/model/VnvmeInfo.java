package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A virtual NVMe drive: a volume of a pool, and the controller that shows it.
 *
 * @param name its name
 * @param state {@code idle}, {@code attached} (plugged in by {@code attach}), {@code connected} (a client came by itself),
 *     {@code locked} (encrypted, its key is not there) or {@code unavailable} (see warnings)
 * @param sizeBytes capacity in bytes
 * @param blockSizeBytes logical block size in bytes
 * @param pool the pool it lies in
 * @param thick whether all its space was taken at its creation
 * @param checksum whether its data is checked by CRC32C
 * @param encrypted whether its data is encrypted on the drives
 * @param usedBytes space of the pool that holds its data, shared with snapshots and clones or not; absent: its pool cannot
 *     say
 * @param sharedBytes of that, what a snapshot or clone holds too
 * @param exclusiveBytes of that, what its removal would give back
 * @param origin the snapshot it was cloned from or last rolled back to
 * @param snapshotCount snapshots of it
 * @param interrupts {@code msi-x} or {@code msi}
 * @param doorbells {@code mapped}, {@code trapped} or {@code auto}: whether clients map its doorbells
 * @param socket the vfio-user socket it is served on; its folder is what polled clients take as traddr
 * @param qemuDevice what follows QEMU's {@code -device} to have it from the VM's start
 * @param nqn NVMe Qualified Name of its subsystem
 * @param serial serial number
 * @param nsid namespace identifier
 * @param uuid namespace UUID
 * @param nguid namespace NGUID, 32 hexadecimal digits
 * @param eui64 namespace EUI64, 16 hexadecimal digits
 * @param createdAt when it was created, RFC 3339
 * @param qos its limits, weight and group
 * @param hosts those that may connect over TCP
 * @param shared whether a VM and hosts over TCP may have it at the same time
 * @param paths the ways to it, and their ANA states
 * @param tcp what such a host types to connect, for each port where hosts are accepted
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
        String pool,
        boolean thick,
        boolean checksum,
        boolean encrypted,
        @Nullable Long usedBytes,
        @Nullable Long sharedBytes,
        @Nullable Long exclusiveBytes,
        @Nullable String origin,
        int snapshotCount,
        String interrupts,
        String doorbells,
        String socket,
        String qemuDevice,
        String nqn,
        String serial,
        int nsid,
        String uuid,
        String nguid,
        String eui64,
        String createdAt,
        Qos qos,
        List<HostInfo> hosts,
        boolean shared,
        List<PathInfo> paths,
        List<String> tcp,
        @Nullable AttachmentInfo attachment,
        List<ConnectionInfo> connections,
        List<String> warnings) {}
