package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Asks for a pool to be taken from drives that another daemon left, or that this one exported.
 *
 * @param pool its name or UUID; not needed to find what could be imported
 * @param degraded also with replicas of a mirror missing
 * @param from files, or folders of files, to look at besides the host's block devices
 */
@Json
public record ImportPool(
        @Nullable String pool, boolean degraded, @Nullable List<String> from) {
    public ImportPool {
        TextList.check("from", from);
    }
}
