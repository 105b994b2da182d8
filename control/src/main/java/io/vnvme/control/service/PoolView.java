package io.vnvme.control.service;

import io.vnvme.control.model.PoolInfo;
import io.vnvme.control.model.PoolMember;
import io.vnvme.control.plane.OpenPool;
import io.vnvme.control.plane.PoolFacts;
import io.vnvme.control.store.ClaimedDrive;
import io.vnvme.control.store.ExportedPool;
import io.vnvme.control.store.PoolRecord;
import io.vnvme.control.store.State;
import io.vnvme.control.store.VnvmeRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A pool in the shape that the API shows. */
final class PoolView {
    private PoolView() {}

    static PoolInfo of(
            PoolRecord record, State state, Optional<OpenPool> pool, Optional<String> failure, OpenDrives drives) {
        List<String> warnings = new ArrayList<>(failure.stream().toList());
        Optional<PoolFacts> facts = pool.map(OpenPool::facts);
        facts.flatMap(PoolFacts::doubt).ifPresent(warnings::add);
        record.drives().forEach(d -> drives.failure(d).ifPresent(warnings::add));
        facts.filter(f -> f.heldWriteCount() > 0)
                .ifPresent(f -> warnings.add(
                        "%d writes wait for space: grow the pool or free some".formatted(f.heldWriteCount())));
        List<PoolMember> members = members(record, state, facts, drives);
        List<VnvmeRecord> inside = state.vnvmesIn(record.name());
        return new PoolInfo(
                record.name(),
                record.uuid(),
                record.layout(),
                condition(facts, members),
                facts.map(PoolFacts::sizeBytes).orElse(0L),
                facts.map(PoolFacts::usedBytes).orElse(0L),
                facts.map(PoolFacts::freeBytes).orElse(0L),
                inside.stream().mapToLong(VnvmeRecord::sizeBytes).sum(),
                facts.map(PoolFacts::metadataBytes).orElse(0L),
                members,
                inside.size(),
                (int) pool.stream()
                        .flatMap(p -> p.layers().stream())
                        .filter(l -> l.snapshot() && !l.name().contains(Transfers.UNFINISHED))
                        .count(),
                facts.map(PoolFacts::heldWriteCount).orElse(0L),
                facts.map(PoolFacts::holdMillis)
                        .filter(ms -> ms != Long.MAX_VALUE)
                        .map(ms -> ms / 1000)
                        .orElse(null),
                warnings);
    }

    private static List<PoolMember> members(
            PoolRecord record, State state, Optional<PoolFacts> facts, OpenDrives drives) {
        List<PoolMember> members = new ArrayList<>();
        for (int set = 0; set < record.sets().size(); set++) {
            for (String name : record.sets().get(set)) {
                Optional<ClaimedDrive> drive = state.drive(name);
                String said = facts.flatMap(f -> f.members().stream()
                                .filter(m -> drive.filter(d -> OpenDrives.id(d).equals(m.drive()))
                                        .isPresent())
                                .map(PoolFacts.Member::state)
                                .findFirst())
                        .orElse("ok");
                String condition = drives.missing(name)
                        ? "missing"
                        : said.equals("ok") && drives.failure(name).isPresent() ? "failed" : said;
                members.add(new PoolMember(
                        name, set, condition, drive.map(ClaimedDrive::sizeBytes).orElse(0L)));
            }
        }
        return members;
    }

    private static String condition(Optional<PoolFacts> facts, List<PoolMember> members) {
        if (facts.isEmpty()) {
            return "unavailable";
        }
        if (facts.get().doubt().isPresent()) {
            return "read-only";
        }
        if (facts.get().heldWriteCount() > 0) {
            return "full";
        }
        return members.stream().allMatch(m -> m.state().equals("ok")) ? "online" : "degraded";
    }

    static PoolInfo exported(ExportedPool pool) {
        return new PoolInfo(
                pool.name(),
                pool.uuid(),
                pool.layout(),
                "exported",
                0,
                0,
                0,
                0,
                0,
                List.of(),
                0,
                0,
                0,
                null,
                List.of("it was exported from %s: 'vnvme pool import %s' takes it back"
                        .formatted(String.join(", ", pool.paths()), pool.name())));
    }
}
