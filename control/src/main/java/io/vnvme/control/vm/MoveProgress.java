package io.vnvme.control.vm;

import java.util.Map;

/**
 * How far the copying of a VM's memory is.
 *
 * @param transferredBytes that have been sent
 * @param remainingBytes still to be sent, when the guest writes nothing more
 * @param totalBytes of the guest's memory
 */
public record MoveProgress(long transferredBytes, long remainingBytes, long totalBytes) {
    static MoveProgress of(Map<?, ?> migration) {
        Map<?, ?> ram = migration.get("ram") instanceof Map<?, ?> map ? map : Map.of();
        return new MoveProgress(number(ram, "transferred"), number(ram, "remaining"), number(ram, "total"));
    }

    private static long number(Map<?, ?> map, String key) {
        return map.get(key) instanceof Number number ? number.longValue() : 0;
    }
}
