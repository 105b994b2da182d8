package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A virtual machine: a domain of libvirt, or one that a drive was attached to by its QMP socket.
 *
 * @param name its name
 * @param source {@code libvirt} or {@code qmp}: how its monitor is reached
 * @param state {@code running}, {@code paused}, {@code stopping}, {@code off}, {@code crashed}, {@code suspended}, or
 *     {@code gone}: nobody listens at its QMP socket; {@code unknown}
 * @param uuid of the domain; absent: it is none of libvirt's
 * @param qmp path of its QMP socket; absent: it is reached through libvirt
 * @param drives vNVMes attached to it
 * @param parkedCount empty controllers in it, which the next vNVMes are shown on
 * @param warnings what needs attention
 */
@Json
public record VmInfo(
        String name,
        String source,
        String state,
        @Nullable String uuid,
        @Nullable String qmp,
        List<VmDriveInfo> drives,
        int parkedCount,
        List<String> warnings) {}
