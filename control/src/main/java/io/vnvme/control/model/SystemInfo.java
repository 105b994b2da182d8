package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The daemon and what it has.
 *
 * @param version of the daemon
 * @param pid its process id
 * @param uptimeSeconds since it serves
 * @param startMillis from the start of the process to serving, in milliseconds
 * @param stateDir folder of its state
 * @param runDir folder of its sockets
 * @param driveCount drives it knows, available and claimed
 * @param claimedCount drives under its control
 * @param poolCount pools
 * @param capacityBytes of the pools
 * @param freeBytes of those, what nothing takes
 * @param vnvmeCount vNVMes
 * @param attachedCount those that are plugged into a VM or have a client
 * @param runningJobCount jobs under way
 * @param lastEvent number of the newest event
 * @param reactors the threads that serve I/O
 * @param listen address and port of the API over TLS; absent: it is not served there
 * @param fingerprint SHA-256 of the certificate shown there
 * @param warnings what needs attention
 */
@Json
public record SystemInfo(
        String version,
        long pid,
        long uptimeSeconds,
        long startMillis,
        String stateDir,
        String runDir,
        int driveCount,
        int claimedCount,
        int poolCount,
        long capacityBytes,
        long freeBytes,
        int vnvmeCount,
        int attachedCount,
        int runningJobCount,
        long lastEvent,
        List<ReactorInfo> reactors,
        @Nullable String listen,
        @Nullable String fingerprint,
        List<String> warnings) {}
