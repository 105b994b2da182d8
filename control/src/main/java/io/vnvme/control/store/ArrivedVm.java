package io.vnvme.control.store;

import io.avaje.jsonb.Json;

/**
 * A VM that has come from another daemon, which may ask whether it has: its vNVMes are this daemon's since this is in the state, whatever
 * becomes of them.
 *
 * @param arrival what the other daemon knows it by
 * @param qmp path of its QMP socket
 * @param runs it ran where it comes from, and nobody has let it go on here yet
 */
@Json
public record ArrivedVm(String arrival, String qmp, boolean runs) {
    ArrivedVm goneOn() {
        return new ArrivedVm(arrival, qmp, false);
    }
}
