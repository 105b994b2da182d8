package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A VM on its way from another daemon, which asks for this.
 *
 * @param vm its name
 * @param qmp path of the QMP socket of the QEMU here that waits for it
 * @param qemu release of its QEMU, such as {@code 11.1.3}
 * @param memoryBytes of the guest
 * @param pool that its volumes go to; absent: the one of the same name, else the one with most space
 * @param host NQN that the other daemon copies its volumes as
 * @param vnvmes all that it has
 */
@Json
public record Arrival(
        String vm,
        String qmp,
        String qemu,
        long memoryBytes,
        @Nullable String pool,
        String host,
        List<ArrivingVnvme> vnvmes) {
    public Arrival {
        TextList.check("vnvmes", vnvmes);
        vnvmes = List.copyOf(Objects.requireNonNullElse(vnvmes, List.of()));
    }
}
