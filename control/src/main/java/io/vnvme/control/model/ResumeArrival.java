package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import java.util.Objects;

/**
 * From here on the vNVMes of a VM on its way are this daemon's. Asked again, it is answered again.
 *
 * @param vnvmes their UUIDs
 * @param running whether the VM ran where it comes from: it goes on here by itself when nothing more is heard
 */
@Json
public record ResumeArrival(List<String> vnvmes, boolean running) {
    public ResumeArrival {
        TextList.check("vnvmes", vnvmes);
        vnvmes = List.copyOf(Objects.requireNonNullElse(vnvmes, List.of()));
    }
}
