package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * A pool that this daemon has.
 *
 * @param name unique among pools
 * @param uuid its identity
 * @param layout {@code concat}, {@code stripe} or {@code mirror}
 * @param sets names of its drives, set by set
 * @param stale those that were left behind when a mirror went on without them: none of them may serve alone
 */
@Json
public record PoolRecord(String name, String uuid, String layout, List<List<String>> sets, List<String> stale) {
    public PoolRecord {
        sets = List.copyOf(sets);
        stale = List.copyOf(stale);
    }

    public List<String> drives() {
        return sets.stream().flatMap(List::stream).toList();
    }

    public PoolRecord withSets(List<List<String>> newSets) {
        return new PoolRecord(name, uuid, layout, newSets, stale);
    }

    public PoolRecord withStale(List<String> newStale) {
        return new PoolRecord(name, uuid, layout, sets, newStale);
    }
}
