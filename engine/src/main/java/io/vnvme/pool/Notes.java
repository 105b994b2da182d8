package io.vnvme.pool;

import io.vnvme.pool.format.Catalog;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Numbers that parts of the engine keep with the pool: by kind and key, durable with the next commit. */
final class Notes {
    private record Key(int kind, long key) {}

    /** Takes a note. */
    interface Sink {
        void note(int kind, long key, long value);
    }

    private final Map<Key, Long> values = new HashMap<>();
    private final Map<Key, Long> changed = new LinkedHashMap<>();

    /** @return 0 when there is none */
    long get(int kind, long key) {
        return values.getOrDefault(new Key(kind, key), 0L);
    }

    /** {@code value} 0 takes the note away. */
    void put(int kind, long key, long value) {
        load(kind, key, value);
        changed.put(new Key(kind, key), value);
    }

    void load(int kind, long key, long value) {
        if (value == 0) {
            values.remove(new Key(kind, key));
        } else {
            values.put(new Key(kind, key), value);
        }
    }

    /** All notes of a kind. */
    void forEach(int kind, Sink sink) {
        List.copyOf(values.entrySet()).forEach(note -> {
            if (note.getKey().kind() == kind) {
                sink.note(kind, note.getKey().key(), note.getValue());
            }
        });
    }

    int changedCount() {
        return changed.size();
    }

    /** Hands over what changed since the last capture. */
    void capture(Sink sink) {
        changed.forEach((key, value) -> sink.note(key.kind(), key.key(), value));
        changed.clear();
    }

    List<Catalog.Note> all() {
        List<Catalog.Note> all = new ArrayList<>();
        values.forEach((key, value) -> all.add(new Catalog.Note(key.kind(), key.key(), value)));
        return all;
    }
}
