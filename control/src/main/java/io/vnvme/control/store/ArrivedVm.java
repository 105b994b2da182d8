package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import java.util.List;
import java.util.Objects;

/**
 * A VM that has come from another daemon, which may ask whether it has: its vNVMes are this daemon's since this is in the state, whatever
 * becomes of them.
 *
 * @param arrival what the other daemon knows it by
 * @param qmp path of its QMP socket
 * @param vnvmes identities of those that came with it
 * @param runs it ran where it comes from, and nobody has let it go on here yet
 */
@Json
public record ArrivedVm(String arrival, String qmp, List<String> vnvmes, boolean runs) {
    public ArrivedVm {
        vnvmes = List.copyOf(Objects.requireNonNullElse(vnvmes, List.of()));
    }

    ArrivedVm goneOn() {
        return new ArrivedVm(arrival, qmp, vnvmes, false);
    }
}
