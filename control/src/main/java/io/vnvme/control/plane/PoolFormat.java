package io.vnvme.control.plane;

import static java.util.Objects.requireNonNull;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.CheckReport;
import io.vnvme.drive.BlockingDrive;
import io.vnvme.drive.uring.DriveFile;
import io.vnvme.drive.uring.DriveHealth;
import io.vnvme.drive.uring.DriveRing;
import io.vnvme.drive.uring.UringDrive;
import io.vnvme.pool.PoolCheck;
import io.vnvme.pool.PoolException;
import io.vnvme.pool.PoolFormatter;
import io.vnvme.pool.PoolScan;
import io.vnvme.pool.format.Layout;
import io.vnvme.pool.format.Superblock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Pools while they are not in use: made, and looked at. On threads of the operating system. */
final class PoolFormat {
    private PoolFormat() {}

    /** Uses several drives at once on the calling thread. */
    static <T> T use(Collection<EngineDrive> drives, Function<Map<UUID, BlockingDrive>, T> action) {
        List<UringDrive> opened = new ArrayList<>();
        DriveRing ring = null;
        try {
            Map<UUID, BlockingDrive> blocking = new LinkedHashMap<>();
            for (EngineDrive drive : drives) {
                switch (drive) {
                    case EngineDrive.Ram ram -> blocking.put(ram.id(), new BlockingDrive(ram.drive()));
                    case EngineDrive.File file -> {
                        ring = ring == null ? DriveRing.open() : ring;
                        UringDrive uring = new UringDrive(file.name(), file.file(), ring, file.health());
                        opened.add(uring);
                        blocking.put(file.id(), new BlockingDrive(uring));
                    }
                }
            }
            return action.apply(blocking);
        } finally {
            opened.forEach(UringDrive::close);
            if (ring != null) {
                ring.close();
            }
        }
    }

    static void create(PoolPlan plan, List<EngineDrive> members) {
        Map<UUID, EngineDrive> byId = members.stream().collect(Collectors.toMap(EngineDrive::id, Function.identity()));
        use(members, blocking -> {
            PoolFormatter.create(
                    plan.name(),
                    plan.id(),
                    Layout.valueOf(plan.layout().toUpperCase(Locale.ROOT)),
                    0,
                    plan.sets().stream()
                            .map(set -> set.stream()
                                    .map(id -> new PoolFormatter.Labelled(
                                            requireNonNull(blocking.get(id)),
                                            id,
                                            requireNonNull(byId.get(id)).name()))
                                    .toList())
                            .toList());
            return plan;
        });
    }

    static CheckReport check(String name, List<DriveSource> sources) {
        Map<UUID, EngineDrive> opened = new LinkedHashMap<>();
        try {
            for (DriveSource source : sources) {
                if (Files.notExists(Path.of(source.path()))) {
                    continue; // the check says that it is missing
                }
                DriveFile file = DriveFile.open(Path.of(source.path()));
                UUID id = UUID.randomUUID();
                opened.put(id, new EngineDrive.File(id, source.path(), file, new DriveHealth()));
            }
            return use(opened.values(), blocking -> check(name, blocking));
        } finally {
            opened.values().forEach(EngineDrive::close);
        }
    }

    private static CheckReport check(String name, Map<UUID, BlockingDrive> drives) {
        List<String> findings = new ArrayList<>();
        Optional<UUID> pool = Optional.empty();
        for (BlockingDrive drive : drives.values()) {
            try {
                pool = pool.or(() -> PoolScan.superblock(drive)
                        .flatMap(Superblock::pool)
                        .map(p -> p.config().pool()));
            } catch (PoolException e) {
                findings.add(String.valueOf(e.getMessage()));
            }
        }
        if (pool.isEmpty()) {
            return new CheckReport(
                    name, false, findings, "none of %d drives belongs to a pool".formatted(drives.size()));
        }
        try {
            PoolScan scan = PoolScan.scan(pool.get(), List.copyOf(drives.values()));
            PoolCheck check = PoolCheck.run(scan);
            findings.addAll(check.problems());
            String text = "pool %s: %d drives, %d volumes and snapshots, %s of %s in use%s%s"
                    .formatted(
                            scan.config().name(),
                            drives.size(),
                            check.volumes(),
                            ByteSize.format(check.usedBytes()),
                            ByteSize.format(check.totalBytes()),
                            findings.isEmpty() ? ": nothing is wrong" : "",
                            check.remarks().stream().map("\n"::concat).collect(Collectors.joining()));
            return new CheckReport(name, findings.isEmpty(), findings, text);
        } catch (PoolException e) {
            findings.add(String.valueOf(e.getMessage()));
            return new CheckReport(name, false, findings, "pool %s cannot be read".formatted(name));
        }
    }
}
