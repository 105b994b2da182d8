package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * Where a VM on its way is expected.
 *
 * @param id what further requests name it by
 * @param vnvmes where the contents of its vNVMes go, in the order of the request
 */
@Json
public record ArrivalInfo(String id, List<ArrivalTarget> vnvmes) {
    public ArrivalInfo {
        vnvmes = List.copyOf(vnvmes);
    }
}
