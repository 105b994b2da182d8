package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a pool.
 *
 * @param name its name
 * @param drives names of claimed drives that are in no pool
 * @param layout {@code concat} (default), {@code stripe} or {@code mirror}
 */
@Json
public record CreatePool(
        @Nullable String name,
        @Nullable List<String> drives,
        @Nullable String layout) {
    public CreatePool {
        TextList.check("drives", drives);
    }
}
