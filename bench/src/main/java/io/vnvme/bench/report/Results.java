package io.vnvme.bench.report;

import io.avaje.jsonb.Json;
import io.vnvme.bench.load.Workload;
import java.util.List;
import java.util.Optional;

/**
 * All that a run of the demo found: {@code results.json}.
 *
 * @param startedAt RFC 3339
 * @param seconds the whole run
 * @param ok whether every step did what it says
 * @param accel {@code kvm}, or {@code tcg} when the guests' instructions were emulated
 * @param cpuCounted whose processor time {@link Figure#cpuUsPerIo} holds
 * @param legacyEngine how QEMU's block layer did its I/O
 * @param otherLoad share of this machine's processors, 0 to 1, that other programs used while the host was measured
 * @param fio every figure, those of the host's own load generator included
 */
@Json(naming = Json.Naming.LowerUnderscore)
public record Results(
        String startedAt,
        double seconds,
        boolean ok,
        String accel,
        Machine machine,
        Versions versions,
        List<Step> steps,
        Control control,
        GuestView guest,
        String cpuCounted,
        String legacyEngine,
        double otherLoad,
        List<Figure> fio,
        Ratios ratios,
        Verify verify) {
    /** Whether the guests ran under software emulation. */
    public boolean emulated() {
        return !accel.equals("kvm");
    }

    /** The figure of one way, absent when it was not measured there. */
    public Optional<Figure> figure(Where where, Way way, Workload workload) {
        return fio.stream()
                .filter(f -> f.where() == where && f.way() == way && f.workload() == workload)
                .findFirst();
    }
}
