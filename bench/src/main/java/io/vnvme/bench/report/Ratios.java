package io.vnvme.bench.report;

import io.avaje.jsonb.Json;
import io.vnvme.bench.load.Workload;

/**
 * The ratios of operations a second, on the host, that the idea is judged by.
 *
 * @param vnvmeToBare goal: 1, a draw
 * @param vnvmeToLegacy goal: far above 2
 */
@Json(naming = Json.Naming.LowerUnderscore)
public record Ratios(Pair vnvmeToBare, Pair vnvmeToLegacy) {
    /** One ratio for each workload. */
    @Json(naming = Json.Naming.LowerUnderscore)
    public record Pair(Ratio randread, Ratio randwrite) {
        public Ratio of(Workload workload) {
            return workload == Workload.RANDREAD ? randread : randwrite;
        }
    }
}
