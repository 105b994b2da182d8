package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * Where a VM is to run from now on.
 *
 * @param to name of a peer: the daemon of the host it goes to
 * @param qmp path of the QMP socket, on that host, of the QEMU that waits for it; absent: the same as here
 * @param pool the pool there that its volumes go to; absent: the one of the same name, else the one with most space
 */
@Json
public record MigrateVm(
        @Nullable String to, @Nullable String qmp, @Nullable String pool) {}
