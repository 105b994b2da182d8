package io.vnvme.bench.campaign;

import io.avaje.jsonb.Json;
import io.avaje.jsonb.Jsonb;
import io.vnvme.bench.report.Machine;
import io.vnvme.bench.report.Ratio;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that a campaign found.
 *
 * @param at when it began, RFC 3339
 * @param seconds it took
 * @param quick whether it measured the main points alone
 * @param otherLoad share of the machine's processors, 0 to 1, that other programs used meanwhile
 * @param missing peers that are not there, and why
 * @param ratios operations a second of a vNVMe for one of another, by point and other: {@code ram-4K-read-qd64/memcpy}; round
 *     by round
 * @param footprint what a hundred vNVMes cost; absent in a quick one
 */
@Json(naming = Json.Naming.LowerUnderscore)
public record CampaignReport(
        String at,
        double seconds,
        boolean quick,
        Machine machine,
        String java,
        double otherLoad,
        List<String> missing,
        List<CampaignFigure> figures,
        Map<String, Ratio> ratios,
        @Nullable Footprint footprint) {
    String json() {
        return Jsonb.builder().build().type(CampaignReport.class).toJsonPretty(this) + "\n";
    }
}
