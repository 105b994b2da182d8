package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * How far a scrub was, and what it had come to: see {@code io.vnvme.pool.Scrub.Mark}.
 *
 * @param layer id of the layer that it was at
 * @param page map pages of that layer that were checked
 * @param part pages of its directory that were
 * @param index clusters of it that were
 * @param findings a line for each error, at most 100
 */
@Json
public record ScrubMark(
        int layer,
        int page,
        int part,
        long index,
        long clustersRead,
        long pagesRead,
        long repaired,
        long errors,
        List<String> findings) {
    /** What no scrub ever notes is refused: it is a damaged file. */
    public ScrubMark {
        if (layer < 0 || page < 0 || part < 0 || (index | clustersRead | pagesRead | repaired | errors) < 0) {
            throw new IllegalArgumentException("a scrub cannot be there");
        }
        findings = List.copyOf(findings);
    }
}
